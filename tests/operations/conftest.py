import psutil
import pytest

from tests.product import Product, installation


@pytest.fixture(scope="module")
def _installation_of_the_module(tmp_path_factory: pytest.TempPathFactory):
    with installation(tmp_path_factory.mktemp("own"), workers=2) as product:
        yield product


@pytest.fixture
def own_product(_installation_of_the_module: Product) -> Product:
    """A running product that the test may stop or kill; the next test finds it running again."""
    product = _installation_of_the_module
    if product.process is None or product.process.poll() is not None:
        product.start()
    return product


def is_running(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
