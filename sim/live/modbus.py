"""A plant as a Modbus TCP server, in step with the clock on the wall."""

import asyncio
import struct
import time
from asyncio import Server
from collections.abc import Callable, Sequence
from math import nan

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from sim.live.plant import READ_FROM, WIDTH, Plant


class PlantServer:
    """Answers reads with what the plant's meters read, and takes set-points.

    Parameters
    ----------
    plant
        The plant.
    factor
        Simulated seconds to each second on the wall.
    """

    def __init__(self, plant: Plant, factor: float = 1.0) -> None:
        self._plant, self._factor = plant, factor
        self.late_count = 0
        """Scans that ended more than one late."""
        self.longest_late_s = 0.0
        """The most that one was late by the clock on the wall [s]."""

    async def serve(self, host: str, port: int, ready: Callable[[int], None], tell: Callable[[float], None]) -> None:
        """Serve until the run is over.

        Parameters
        ----------
        host, port
            Where to listen; port 0: any that is free.
        ready
            Told the port, once it listens.
        tell
            Told the simulated time [s] after each scan.

        Raises
        ------
        OSError
            Nobody may listen there.
        """
        count = READ_FROM + WIDTH * len(self._plant.values)
        registers = SimData(0, count=count, datatype=DataType.REGISTERS)
        server = ModbusTcpServer(SimDevice(0, simdata=[registers], action=self._act), address=(host, port))
        await server.serve_forever(background=True)
        listener: object = server.transport
        if not isinstance(listener, Server):
            raise OSError(f"nobody can listen at {host}:{port}")
        try:
            ready(listener.sockets[0].getsockname()[1])
            began_s, first_s = time.monotonic(), self._plant.time_s
            while self._plant.time_s < self._plant.end_s:
                due_s = began_s + (self._plant.time_s - first_s) / self._factor
                self._note(late_s=time.monotonic() - due_s)
                await asyncio.sleep(max(0.0, due_s - time.monotonic()))
                self._plant.step()
                tell(self._plant.time_s)
        finally:
            await server.shutdown()

    def _note(self, late_s: float) -> None:
        if late_s > self._plant.scan_s / self._factor:
            self.late_count += 1
            self.longest_late_s = max(self.longest_late_s, late_s)

    async def _act(
        self, _function: int, start: int, address: int, count: int, current: list[int], written: Sequence[int] | None
    ) -> ExcCodes | None:
        if written is None:
            words = self._words()[address : address + count]
            current[address - start : address - start + len(words)] = words
            return None
        if (address, len(written)) != (0, WIDTH):
            return ExcCodes.ILLEGAL_ADDRESS
        (setpoint_mw,) = struct.unpack(">f", struct.pack(">2H", *written))
        return None if self._plant.write(setpoint_mw) else ExcCodes.ILLEGAL_VALUE

    def _words(self) -> list[int]:
        """Return all registers: the set-point, none up to the first value, then the values."""
        plant = self._plant
        floats = [plant.setpoint_mw, *[nan] * (READ_FROM // WIDTH - 1), *plant.values.values()]
        return list(struct.unpack(f">{WIDTH * len(floats)}H", struct.pack(f">{len(floats)}f", *floats)))
