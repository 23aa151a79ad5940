"""What may stand in a Content-Security-Policy as an origin: nothing that could say anything else there."""

from __future__ import annotations

import pytest

from shared.domain import origin
from shared.errors import BadRequest


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://shop.example", "https://shop.example"),
        ("HTTPS://Shop.Example:8443", "https://shop.example:8443"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://localhost:80", "http://localhost"),
        ("http://localhost:4000", "http://localhost:4000"),
        ("http://shop.localhost:4000", "http://shop.localhost:4000"),
        ("http://127.0.0.1:4000", "http://127.0.0.1:4000"),
        ("http://127.8.9.1", "http://127.8.9.1"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://192.0.2.7:65535", "https://192.0.2.7:65535"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(given: str, kept: str) -> None:
    assert origin.check_all([given], field="checkout_origins") == (kept,)


def test_an_origin_stands_once() -> None:
    given = ["https://a.example", "https://b.example", "https://A.example:443"]
    assert origin.check_all(given, field="checkout_origins") == ("https://a.example", "https://b.example")


HOSTILE = [
    *(
        "",
        " ",
        "*",
        "https:",
        "https://",
        "https:///",
        "null",
        "'self'",
        "'none'",
        "'unsafe-inline'",
        "data:",
        "shop.example",
    ),
    *(
        "https://*",
        "https://*.example",
        "https://shop.*",
        "https://shop.example:*",
        "//shop.example",
        "https:shop.example",
    ),
    *("https://shop.example/", "https://shop.example/checkout", "https://shop.example?a", "https://shop.example#a"),
    *("https://a@shop.example", "https://a:b@shop.example", "https://shop.example\\", "https://shop.example:"),
    *("https://shop.example:0", "https://shop.example:65536", "https://shop.example:080", "https://shop.example:1e3"),
    *(
        "https://shop.example; script-src *",
        "https://shop.example;script-src",
        "https://shop.example,https://evil.example",
    ),
    *(
        "https://shop.example https://evil.example",
        " https://shop.example",
        "https://shop.example ",
        "https://shop.example\t",
    ),
    *(
        "https://shop.example\n",
        "https://shop.example\r\nX-Evil: 1",
        "https://shop.example\x00",
        "https://shop\x0b.example",
    ),
    *(
        "https://shop.example\u2028",
        "https://shop.example\u00a0",
        "https://shop\u3002example",
        "https://shop.example\x7f",
    ),
    *(
        "https://bücher.example",
        "https://ѕhop.example",
        "https://shop.example\u200b",
        "https://K\u0130.example",
        "https://\u212a.example",
    ),
    *(
        "https://-shop.example",
        "https://shop-.example",
        "https://shop..example",
        "https://.example",
        "https://shop.example.",
    ),
    *(
        "https://sh_op.example",
        "https://shop.example'",
        'https://shop.example"',
        "https://<shop>.example",
        "https://[::1]",
    ),
    *("http://[::1]:3000", "http://shop.example", "http://localhost.evil.example", "http://127.0.0.1.evil.example"),
    *(
        "http://0.0.0.0",
        "http://127.1",
        "http://127.0.0.256",
        "http://2130706433",
        "http://notlocalhost",
        "ftp://localhost",
    ),
    *(
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://" + "a" * 64 + ".example",
        "https://" + "a." * 127 + "example",
    ),
    *("https://%73hop.example", "https://shop.example%0d%0a", "wss://shop.example", "https://https://shop.example"),
]


@pytest.mark.parametrize("wrong", HOSTILE, ids=ascii)
def test_nothing_else_is_an_origin(wrong: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        origin.check_all(["https://good.example", wrong], field="checkout_origins")
    assert refusal.value.as_dict()["field"] == "checkout_origins"
    assert refusal.value.description.startswith("checkout_origins[1] must ")


def test_there_is_a_most() -> None:
    many = [f"https://shop{number}.example" for number in range(21)]
    assert len(origin.check_all(many[:20], field="f")) == 20
    with pytest.raises(BadRequest, match="at most 20"):
        origin.check_all(many, field="f")
