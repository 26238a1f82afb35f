"""A client from docs/protocol.md alone: reads the info block and captures 100 ADC codes. python3 client.py PORT [TOKEN_FILE]"""
import random, socket, struct, sys, time, zlib

def stuff(data):  # COBS: a zero byte becomes the distance to the next
    out = b""
    for block in data.split(b"\0"):
        for start in range(0, len(block) - 253, 254):
            out += b"\xff" + block[start:start + 254]
        rest = block[len(block) - len(block) % 254:]
        out += bytes([len(rest) + 1]) + rest
    return out + b"\0"

def unstuff(line):
    data = b""
    while line:
        code, data, line = line[0], data + line[1:line[0]], line[line[0]:]
        data += b"\0" if code < 255 and line else b""
    return data

def body():  # words of the next sound frame
    line = b"".join(iter(lambda: lines.read(1), b"\0"))
    data, crc = unstuff(line)[:-4], unstuff(line)[-4:]
    if crc != struct.pack("<I", zlib.crc32(data)):
        return body()
    return struct.unpack(f"<{len(data) // 4}I", data)

def request(operation, address=0, count=0, *values):
    global sequence
    sequence = (sequence + 1) % 65536
    words = (operation | 2 + len(values) << 8 | count << 24, nonce, address | sequence << 16, *values)
    data = struct.pack(f"<{len(words)}I", *words)
    link.sendall(stuff(data + struct.pack("<I", zlib.crc32(data))))
    while (reply := body())[0] & 255 != 0x80 or reply[1:3] != words[1:3]:
        if reply[0] & 255 != 0x70:
            telemetry.append(reply)  # it may come between
            continue
        reason, notice = reply[0] >> 24, struct.pack(f"<{len(reply) - 1}I", *reply[1:])
        print(notice.decode(errors="replace").strip(), file=sys.stderr)
        if reason in (1, 3) or time.monotonic() > deadline:  # the server ends the connection, or another client stays in control
            sys.exit(1)
        if reason == 0:  # another client is in control, and the request not executed: the same again, with the same number
            time.sleep(0.5)
            link.sendall(stuff(data + struct.pack("<I", zlib.crc32(data))))
    assert reply[0] >> 24 == 0, f"refused with status {reply[0] >> 24}"
    return reply[3:]

link = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10)
lines, nonce, sequence, telemetry = link.makefile("rb"), random.getrandbits(32), 0, []
deadline = time.monotonic() + 3  # for another client to give up control
if len(sys.argv) > 2:
    token = open(sys.argv[2], "rb").read().strip()
    request(0x41, 0, len(token), *struct.unpack(f"<{-(-len(token) // 4)}I", token + b"\0" * (-len(token) % 4)))
request(0x48)  # hello
info = request(0x52, 0x00, 11)
print(f"identity {info[0]:08x}, {info[3]} outputs, {info[4]} slots, clock {info[7]} Hz")
request(0x57, 0x32, 2, 1, 100)  # CAPTURE_DECIMATION, CAPTURE_SAMPLES
request(0x57, 0x0F, 1, 6)  # COMMAND: capture
codes = b""
while len(codes) < 200:
    block = telemetry.pop(0) if telemetry else body()
    if block[0] & 255 == 5:  # a block: two codes a word
        codes += struct.pack(f"<{len(block) - 4}I", *block[4:])[:2 * (block[3] & 0xFFFF)]
print(f"{len(codes) // 2} ADC codes, the first {struct.unpack('<4h', codes[:8])}")
