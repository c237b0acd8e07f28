"""May this tag charge: asks the central system, or decides alone when it cannot be reached."""

from firmware.ocpp import messages


class Authorization:
    """One question at a time; `link` is the central-system link, set by the app."""

    def __init__(self, keys: "Keys", log: "Log") -> None:
        self._keys = keys
        self._log = log
        self._asking = ""
        self.link = None

    def ask(self, id_tag: str, on_result: "Callable") -> None:
        """Find out and call `on_result(id_tag, accepted)`, at once or when the answer comes."""
        if self._asking == id_tag:
            return  # the same tag again while its answer is under way
        if not self.link.online:
            on_result(id_tag, self._alone())
            return
        self._asking = id_tag

        def answered(payload: "dict | None") -> None:
            self._asking = ""
            on_result(id_tag, self._judge(payload))

        self.link.send("Authorize", messages.authorize(id_tag), answered)

    def _alone(self) -> bool:
        keys = self._keys
        return keys.get("LocalAuthorizeOffline") and keys.get("AllowOfflineTxForUnknownId")

    def _judge(self, payload: "dict | None") -> bool:
        if payload is None:  # the line broke, or the server answered with an error
            return self._alone() if not self.link.online else False
        info = payload.get("idTagInfo")
        return isinstance(info, dict) and info.get("status") == "Accepted"
