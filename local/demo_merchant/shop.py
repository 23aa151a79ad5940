"""What the shop sells and how it sells it: an order, a payment for it, and how that payment is doing."""

import secrets
import threading
from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import Any

from local.demo_merchant.gateway import Gateway

ORDERS_MAX = 200


@dataclass(frozen=True, kw_only=True)
class Product:
    """`amount` is in paise: 50000 is ₹500.00."""

    id: str
    name: str
    description: str
    amount: int
    currency: str = "INR"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """An answer to ask of the simulated bank, by paying from a UPI ID it is known to react to."""

    id: str
    name: str
    vpa: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Sale:
    order_id: str
    payment_id: str
    product: str
    amount: int
    currency: str
    vpa: str


PRODUCTS = {
    product.id: product
    for product in (
        Product(
            id="assam",
            name="Assam Breakfast",
            description="Whole-leaf black tea, 250\N{NO-BREAK SPACE}g tin",
            amount=50000,
        ),
        Product(
            id="chai",
            name="Masala Chai",
            description="Cardamom, ginger and clove, 100\N{NO-BREAK SPACE}g",
            amount=34900,
        ),
        Product(
            id="kettle",
            name="Stovetop Kettle",
            description="Enamelled steel, 1.2\N{NO-BREAK SPACE}litres",
            amount=249900,
        ),
    )
}

OUTCOMES = {
    outcome.id: outcome
    for outcome in (
        Outcome(id="approve", name="Approve", vpa="approve@magic", description="The bank says yes at once."),
        Outcome(
            id="decline",
            name="Decline",
            vpa="insufficient-funds@magic",
            description="The bank says no: not enough money in the account.",
        ),
        Outcome(
            id="random",
            name="Random",
            vpa="shopper@upi",
            description="An everyday customer: usually a yes, within ten seconds.",
        ),
    )
}


class Shop:
    """Safe to use from many threads at once."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._lock = threading.Lock()
        self._sales: OrderedDict[str, Sale] = OrderedDict()

    def catalogue(self) -> dict[str, Any]:
        return {
            "products": [asdict(product) for product in PRODUCTS.values()],
            "outcomes": [asdict(outcome) for outcome in OUTCOMES.values()],
        }

    def buy(self, product: Product, outcome: Outcome) -> dict[str, Any]:
        """Order the product and pay for it. The price is the shop's own, never one that a page sent.

        Raises what the gateway raises.
        """
        receipt = f"tea-{secrets.token_hex(8)}"
        order = self._gateway.create_order(amount=product.amount, currency=product.currency, receipt=receipt)
        payment = self._gateway.create_payment(
            order_id=order["id"], vpa=outcome.vpa, idempotency_key=f"{receipt}-payment"
        )
        sale = Sale(
            order_id=order["id"],
            payment_id=payment["id"],
            product=product.name,
            amount=product.amount,
            currency=product.currency,
            vpa=outcome.vpa,
        )
        with self._lock:
            self._sales[sale.order_id] = sale
            if len(self._sales) > ORDERS_MAX:
                self._sales.popitem(last=False)
        return _shown(sale, payment)

    def sale(self, order_id: str) -> dict[str, Any] | None:
        """How the payment of one of our orders is doing now, as the gateway says. None: not our order."""
        with self._lock:
            sale = self._sales.get(order_id)
        return _shown(sale, self._gateway.payment(sale.payment_id)) if sale else None


def _shown(sale: Sale, payment: dict[str, Any]) -> dict[str, Any]:
    return asdict(sale) | {
        "status": payment.get("status"),
        "error_code": payment.get("error_code"),
        "error_description": payment.get("error_description"),
    }
