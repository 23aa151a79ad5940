"""A VPA: the address that a UPI payment comes from, `name@bank`."""

from __future__ import annotations

import re

from shared.errors import InvalidVpa

VPA_MAX = 255
_SHAPE = re.compile(r"[a-zA-Z0-9._-]+@[a-zA-Z0-9]+")


def check(vpa: str) -> str:
    """The VPA as it came, if it could be one. Raises InvalidVpa."""
    if len(vpa) > VPA_MAX or _SHAPE.fullmatch(vpa) is None:
        raise InvalidVpa("vpa must look like name@bank", field="vpa")
    return vpa
