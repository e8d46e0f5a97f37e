"""A controller for the simulated plant, over Modbus: mine with what AI leaves under the limit at its peak so far.

hashballast plant helios --factor 60 &
hashballast plant helios --map --json > map.json
python docs/examples/plant_controller.py map.json 127.0.0.1:1502
"""

import json
import struct
import sys
import time
from pathlib import Path

from pymodbus import ModbusException
from pymodbus.client import ModbusTcpClient


def floats(words: list[int]) -> list[float]:
    """Return 32-bit floats, each two registers, the high word first."""
    return [value for (value,) in struct.iter_unpack(">f", struct.pack(f">{len(words)}H", *words))]


def control(client: ModbusTcpClient, registers: list[dict], peak_mw: float) -> None:
    """Leave AI the most that it has drawn, and that it is known to draw; write as often as the plant is read."""
    read = [register for register in registers if register["access"] == "read"]
    while True:
        words = client.read_input_registers(read[0]["address"], count=2 * len(read)).registers
        seen = dict(zip((register["name"] for register in read), floats(words), strict=True))
        peak_mw = max(peak_mw, seen["ai_power_mw"])
        setpoint_mw = max(0.0, seen["limit_mw"] - peak_mw)
        client.write_registers(0, list(struct.unpack(">2H", struct.pack(">f", setpoint_mw))))
        time.sleep(0.01)


if __name__ == "__main__":
    host, port = sys.argv[2].split(":")
    with ModbusTcpClient(host, port=int(port)) as connected:
        try:
            control(connected, json.loads(Path(sys.argv[1]).read_text())["registers"], peak_mw=130.0)
        except (ModbusException, AttributeError, OSError):
            sys.exit("the plant has stopped")
