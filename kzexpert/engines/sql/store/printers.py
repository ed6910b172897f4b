"""How DuckDB prints the cells of tables, in Python: executors are sent these functions, and need nothing of ours.

Each is made by a function, so that it is sent as it is and not by its name.
"""

from collections.abc import Callable, Mapping
from math import copysign, isfinite, isnan
from struct import pack, unpack
from typing import Any

from kzexpert.engines.sql.plan.dialects import CELL_TEXT

__all__ = ["PRINTERS"]


def _of_double() -> Callable[[float | None], str | None]:
    """Prints a DOUBLE, as Python does: the fewest digits that read back as the same."""

    def print_double(number: float | None) -> str | None:
        if number is None:
            return None
        return "-nan" if isnan(number) and copysign(1.0, number) < 0 else repr(number)

    return print_double


def _of_float() -> Callable[[float | None], str | None]:
    """Prints a FLOAT with the fewest digits that read back as the same, the nearest of these.

    DuckDB gives up, and prints the number as a DOUBLE, where these lie just between two floats or two are as near: see
    Florian Loitsch, "Printing Floating-Point Numbers Quickly and Accurately with Integers" (PLDI 2010), on Grisu3.
    """

    print_double = _of_double()

    def print_float(number: float | None) -> str | None:
        if number is None or not isfinite(number) or not number:
            return print_double(number)
        (bits,) = unpack("<I", pack("<f", abs(number)))
        exponent, digits = max(bits >> 23, 1), bits & 0x7FFFFF
        closer = digits == 0  # then the float below is nearer than the one above
        digits += 0x800000 if bits >> 23 else 0
        # All is counted in quarters of the last bit, times what makes it and the last of 60 decimals whole.
        scale, one = 10**60 << max(exponent - 152, 0), 1 << max(152 - exponent, 0)
        exact, least, most = (scale * (4 * digits + quarters) for quarters in (0, -1 if closer else -2, 2))
        step = one * 10 ** (len(str(most // one)) - 1)
        while (found := most // step * step) < least:
            step //= 10
        while found - step >= least and abs(found - step - exact) < abs(found - exact):
            found -= step
        as_near = found - step >= least and abs(found - step - exact) == abs(found - exact)
        if as_near or found in (least, most):
            return repr(number)
        return repr(copysign(float(f"{found // one}e-60"), number))

    return print_float


def _of_blob() -> Callable[[bytes | None], str | None]:
    """Prints a BLOB: letters, digits and most signs of ASCII as they are, other bytes by their numbers."""

    def print_blob(blob: bytes | None) -> str | None:
        if blob is None:
            return None
        return "".join(chr(byte) if 32 <= byte < 127 and byte not in b"\"'\\" else f"\\x{byte:02X}" for byte in blob)

    return print_blob


#: The name of a function in statements → the function.
PRINTERS: Mapping[str, Callable[[Any], str | None]] = {
    CELL_TEXT["DOUBLE"]: _of_double(),
    CELL_TEXT["FLOAT"]: _of_float(),
    CELL_TEXT["BLOB"]: _of_blob(),
}
