"""What the shop sells and how: an order for the checkout, and whether a success told there is to be believed."""

import secrets
import threading
from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import Any

from local.demo_merchant.gateway import Gateway, Refused
from local.demo_merchant.signatures import check_success

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
class Sale:
    order_id: str
    product: str
    amount: int
    currency: str


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


class Shop:
    """Safe to use from many threads at once."""

    def __init__(self, gateway: Gateway, *, webhook_secret: str) -> None:
        self._gateway = gateway
        self._webhook_secret = webhook_secret
        self._lock = threading.Lock()
        self._sales: OrderedDict[str, Sale] = OrderedDict()

    def order(self, product: Product) -> dict[str, Any]:
        """Order the product; the checkout takes the payment. The price is the shop's own, never one that a page sent.

        Raises what the gateway raises.
        """
        receipt = f"tea-{secrets.token_hex(8)}"
        order = self._gateway.create_order(amount=product.amount, currency=product.currency, receipt=receipt)
        sale = Sale(order_id=order["id"], product=product.name, amount=product.amount, currency=product.currency)
        with self._lock:
            self._sales[sale.order_id] = sale
            if len(self._sales) > ORDERS_MAX:
                self._sales.popitem(last=False)
        return asdict(sale)

    def sale(self, order_id: str) -> dict[str, Any] | None:
        """How one of our orders is doing now, as the gateway says. None: not our order."""
        sale = self._sale(order_id)
        return asdict(sale) | {"status": self._gateway.order(order_id).get("status")} if sale else None

    def confirm(self, *, order_id: str, payment_id: str, signature: str) -> dict[str, Any] | None:
        """Whether to ship one of our orders, of which a browser says that it is paid. None: not our order.

        Believed is what the gateway signed. Then the gateway itself is asked, as a signature names no amount.
        """
        sale = self._sale(order_id)
        if sale is None:
            return None
        seen = asdict(sale) | {"payment_id": payment_id, "signature": "not verified", "status": None, "ship": False}
        if not check_success(signature, order_id=order_id, payment_id=payment_id, secret=self._webhook_secret):
            return seen | {"problem": "The signature does not fit this payment and the shop's WEBHOOK_SECRET."}
        problem, status = self._judge(sale, payment_id)
        return seen | {"signature": "verified", "status": status, "ship": problem is None, "problem": problem}

    def _judge(self, sale: Sale, payment_id: str) -> tuple[str | None, str | None]:
        """Why nothing is shipped for this payment, if so, and its status, as the gateway says."""
        try:
            payment = self._gateway.payment(payment_id)
        except Refused as refused:
            return f"The gateway refused to show the payment: {refused}", None
        status = str(payment.get("status"))
        if payment.get("order_id") != sale.order_id:
            return "The payment is for another order.", status
        if (payment.get("amount"), payment.get("currency")) != (sale.amount, sale.currency):
            return "The payment is not of the order's amount.", status
        if status != "success":
            return f"The payment's status is {status.replace('_', ' ')}.", status
        return None, status

    def _sale(self, order_id: str) -> Sale | None:
        with self._lock:
            return self._sales.get(order_id)
