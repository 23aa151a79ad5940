"""The kinds of job, and the bounds that every one of them keeps."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal["process_payment", "deliver_webhook"]
KINDS: tuple[Kind, ...] = get_args(Kind)

# The numbers hold each other up: the call ends before the handler is stopped, the handler is stopped before its
# lease ends, and the lease ends before SQS shows the message again (6 × the handler's limit, as AWS advises).
CALL_SECONDS_MAX = 20
HANDLER_SECONDS_MAX = 30
LEASE_SECONDS = 45
VISIBILITY_SECONDS = 6 * HANDLER_SECONDS_MAX

BATCH_MAX = 100  # jobs in one message: a few statements carry them all, and the message stays under 2 KB
CLAIMS_MAX = 20  # a job claimed this often kills its workers: it is dead, kept and listed, until a person looks
REWAKE_SECONDS = 10  # a woken job that nobody claimed is woken again
