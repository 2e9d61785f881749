"""The table of what the daemon does on each order."""

from outagetui.core import orders
from outagetui.core.orders import Order
from outagetui.daemon.order_handlers import handlers_of


def test_every_order_has_a_handler() -> None:
    shapes = {each for each in vars(orders).values() if isinstance(each, type) and issubclass(each, Order)}
    assert set(handlers_of(None)) == shapes - {Order}  # type: ignore[arg-type]
