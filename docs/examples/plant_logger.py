"""A logger: reads a plant over Modbus each second, and appends what it reads to a CSV file.

hashballast plant helios --factor 60 &
hashballast plant helios --map --json > map.json
python docs/examples/plant_logger.py map.json 127.0.0.1:1502 site.csv
"""

import json
import struct
import sys
import time
from pathlib import Path

from pymodbus import ModbusException
from pymodbus.client import ModbusTcpClient


def log(client: ModbusTcpClient, registers: list[dict], path: Path, every_s: float = 1.0) -> None:
    """Append a row of all that is read, each time that the plant has gone on."""
    read = [register for register in registers if register["access"] == "read"]
    last: bytes = b""
    with path.open("a", encoding="utf-8") as file:
        file.write(",".join(register["name"] for register in read) + "\n")
        while True:
            words = client.read_input_registers(read[0]["address"], count=2 * len(read)).registers
            values = struct.unpack(f">{len(read)}f", struct.pack(f">{len(words)}H", *words))
            if struct.pack(">f", values[0]) != last:  # the first is the plant's time
                last = struct.pack(">f", values[0])
                file.write(",".join(map(repr, values)) + "\n")
                file.flush()
            time.sleep(every_s)


if __name__ == "__main__":
    host, port = sys.argv[2].split(":")
    with ModbusTcpClient(host, port=int(port)) as connected:
        try:
            every = float(sys.argv[4]) if sys.argv[4:] else 1.0
            log(connected, json.loads(Path(sys.argv[1]).read_text())["registers"], Path(sys.argv[3]), every)
        except (ModbusException, AttributeError, OSError):
            sys.exit("the plant has stopped")
