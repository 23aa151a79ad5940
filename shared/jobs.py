"""The kinds of job, and the bounds that every one of them keeps."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal["process_payment", "process_refund", "deliver_webhook"]
KINDS: tuple[Kind, ...] = get_args(Kind)

# A handler is stopped before its lease ends, so two never work on one job.
HANDLER_SECONDS_MAX = 30
LEASE_SECONDS = 45

BATCH_MAX = 100  # jobs in one message: a few statements carry them all, and the message stays under 2 KB
CLAIMS_MAX = 20  # a job claimed this often kills its workers: it is dead, kept and listed, until a person looks
DEAD_SECONDS = 3600  # a payment whose job is dead is tried again this long after: money is never forgotten
REWAKE_SECONDS = 10  # a woken job that nobody claimed is woken again
