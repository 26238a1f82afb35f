"""Reads the log of a run, also one that was cut off: python3 read_log.py RUN. Needs `pip install mcap`."""
import json, struct, sys
from pathlib import Path
from mcap.exceptions import EndOfFile
from mcap.reader import NonSeekingReader

messages = []  # topic, number of a frame, seconds, content
for path in sorted(Path(sys.argv[1], "log").glob("*.mcap")):
    try:
        for _, channel, message in NonSeekingReader(path.open("rb")).iter_messages(log_time_order=False):
            text = channel.message_encoding == "json"
            content = json.loads(message.data) if text else struct.unpack(f"<{len(message.data) // 4}I", message.data)
            if channel.topic == "seal":  # SHA-256 of a file beside the log, no item of it
                continue
            if channel.topic == "resumed":  # what followed this number of messages was done again
                del messages[content["items"]:]
            else:
                messages.append((channel.topic, message.sequence, message.log_time / 1e9, content))
    except EndOfFile:
        print(f"{path} was cut off")

epochs = [content for topic, _, _, content in messages if topic == "epoch"]
windows = [content for topic, _, _, content in messages if topic == "frames" and content[0] & 255 == 1]
print(f"{len(messages)} messages, {len(windows)} windows, {len(epochs)} epochs")
for epoch in epochs[-1:]:
    print(f"loss {epoch['loss']:.4f}, {epoch['separation_na']:.2f} nA apart, at {epoch['controls_v']} V")
