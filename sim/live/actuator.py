"""Writes what the fleets are told to the one Modbus register that it may write."""

import struct
from typing import Final

from pymodbus import ModbusException
from pymodbus.client import ModbusTcpClient

ANSWER_S: Final = 1.0
"""An answer that is not there by then is none [s]; assumption."""


class Actuator:
    """Writes a set-point, time and again: equipment that was started anew has it back, and sees that it is led.

    Parameters
    ----------
    host, port
        Where the equipment listens.
    address
        First of the set-point's two registers.
    """

    def __init__(self, host: str, port: int, address: int) -> None:
        self._client = ModbusTcpClient(host, port=port, timeout=ANSWER_S, retries=0)
        self._address = address
        self.failed_count = 0
        """Writes that were refused, or not answered."""

    def send(self, power_mw: float) -> None:
        """Write a set-point [MW]; where that fails the next one is written on a new connection."""
        words = list(struct.unpack(">2H", struct.pack(">f", power_mw)))
        try:
            is_there = self._client.connect() and not self._client.write_registers(self._address, words).isError()
        except (ModbusException, OSError):
            is_there = False
        if not is_there:
            self.failed_count += 1
            self.close()

    def close(self) -> None:
        """Close the connection; the last set-point stands."""
        self._client.close()
