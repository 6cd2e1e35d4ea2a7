"""What several scripts need: the settings of now, the programs, a Redis client of forty lines. Standard library only."""

import os
import re
import shutil
import socket
import ssl
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def load_env_file() -> "dict[str, str]":
    """Puts .env under what the environment says, as `make serve` does, and answers what the file holds."""
    found = {}
    path = ROOT / ".env"
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        match = re.match(r"(?:export\s+)?([A-Z_][A-Z0-9_]*)=(?:\"([^\"]*)\"|'([^']*)'|(.*?)(?:\s+#.*)?\s*$)", line)
        if match:
            found[match[1]] = next((group for group in match.groups()[1:] if group is not None), "")
            os.environ.setdefault(match[1], found[match[1]])
    return found


def known_settings() -> "dict[str, str]":
    """Every setting and its default, from the table that the code writes into README.md."""
    table = (ROOT / "README.md").read_text(encoding="utf-8").split("<!-- settings -->")[1].split("<!-- /settings -->")[0]
    return {match[1]: match[2] for match in re.finditer(r"^\| `([A-Z0-9_]+)` \| (?:`([^`]*)`)? ?\|", table, flags=re.M)}


def setting(name: str) -> str:
    return os.environ.get(name, "").strip() or known_settings().get(name) or ""


def api_url() -> str:
    return os.environ.get("CAD_URL", f"http://127.0.0.1:{os.environ.get('PORT', '8000')}").rstrip("/")


def program(name: str) -> "str | None":
    """The built program: BIN_DIR, then the usual places, then PATH."""
    folders = [os.environ["BIN_DIR"]] if os.environ.get("BIN_DIR") else ["target/release", "target/debug"]
    for folder in folders:
        path = ROOT / folder / name
        if path.exists():
            return str(path)
    return shutil.which(name)


class Redis:
    """Speaks the Redis protocol over one connection; raises OSError with the server's words."""

    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        connection = socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379), 5)
        if parts.scheme == "rediss":
            connection = ssl.create_default_context().wrap_socket(connection, server_hostname=parts.hostname)
        self.file = connection.makefile("rwb")
        if parts.password:
            user = [urllib.parse.unquote(parts.username)] if parts.username else []
            self.ask("AUTH", *user, urllib.parse.unquote(parts.password))
        if parts.path.strip("/"):
            self.ask("SELECT", parts.path.strip("/"))

    def ask(self, *words: "str | bytes | int"):
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.file.write(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        self.file.flush()
        return self._answer()

    def _answer(self):
        line = self.file.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise OSError(rest.decode())
        if kind == b"+":
            return rest.decode()
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self._answer() for _ in range(int(rest))]
        raise OSError("the connection was closed" if not line else f"answer {line!r} is not understood")

    def keys(self, pattern: str):
        """Keys that match, without holding the server up."""
        cursor, seen = "0", set()
        while True:
            cursor, keys = self.ask("SCAN", cursor, "MATCH", pattern, "COUNT", 500)
            for key in keys:
                if key not in seen:
                    seen.add(key)
                    yield key.decode()
            if cursor in (b"0", "0"):
                return
