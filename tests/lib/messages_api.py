"""A stand-in of the Messages API: streams one tool call after the other, then the final answer.

The first question of a conversation is answered with a call of the Bash tool, one that carries the
tool's result with the next call; the last one with text that repeats this result, so the test sees at
the end that the command ran. Keeps each request's headers and body.
"""

import json
import time


class MessagesApi:
    """Adds the routes to a Site."""

    def __init__(self, site, *commands: str):
        self.site = site
        self.commands = commands
        self.calls = []
        site.routes["/v1/messages"] = self._messages
        site.routes["/v1/messages/count_tokens"] = lambda request: request.answer_json(
            {"input_tokens": 10})
        site.routes["/"] = lambda request: request.answer("")

    def tool_results(self) -> list:
        """The text of each tool result, in the order of the calls."""
        return max((_results(call) for call in self.calls), key=len, default=[])

    def _messages(self, request):
        body = json.loads(request.body)
        self.calls.append(body)
        tools = {tool.get("name") for tool in body.get("tools", [])}
        results = _results(body)
        if results and len(results) >= len(self.commands):
            blocks = [_text("The command said: " + results[-1])]
            reason = "end_turn"
        elif "Bash" in tools:
            blocks = [_tool(len(results), self.commands[len(results)])]
            reason = "tool_use"
        else:
            blocks, reason = [_text("a title")], "end_turn"
        if body.get("stream"):
            self._stream(request, body, blocks, reason)
        else:
            request.answer_json(_message(body, blocks, reason))

    @staticmethod
    def _stream(request, body, blocks, reason):
        request.send_response(200)
        request.send_header("Content-Type", "text/event-stream")
        request.send_header("Transfer-Encoding", "chunked")
        request.send_header("request-id", "req_test")
        request.end_headers()

        def send(kind, **fields):
            data = json.dumps({"type": kind, **fields})
            request.chunk(f"event: {kind}\ndata: {data}\n\n".encode())

        start = _message(body, [], None)
        send("message_start", message=start)
        for index, block in enumerate(blocks):
            if block["type"] == "text":
                send("content_block_start", index=index, content_block={"type": "text", "text": ""})
                for piece in _pieces(block["text"]):
                    time.sleep(0.01)
                    send("content_block_delta", index=index,
                         delta={"type": "text_delta", "text": piece})
            else:
                send("content_block_start", index=index, content_block={**block, "input": {}})
                for piece in _pieces(json.dumps(block["input"])):
                    send("content_block_delta", index=index,
                         delta={"type": "input_json_delta", "partial_json": piece})
            send("content_block_stop", index=index)
        send("message_delta", delta={"stop_reason": reason, "stop_sequence": None},
             usage={"output_tokens": 12})
        send("message_stop")
        request.wfile.write(b"0\r\n\r\n")


def _results(body) -> list:
    """The tool results in a conversation."""
    found = []
    for message in body.get("messages", []):
        content = message.get("content")
        for block in content if isinstance(content, list) else []:
            if block.get("type") == "tool_result":
                inner = block.get("content")
                if isinstance(inner, list):
                    inner = "".join(part.get("text", "") for part in inner)
                found.append(inner or "")
    return found


def _pieces(text: str) -> list:
    return [text[start:start + 20] for start in range(0, len(text), 20)]


def _text(text: str) -> dict:
    return {"type": "text", "text": text}


def _tool(number: int, command: str) -> dict:
    return {"type": "tool_use", "id": f"toolu_{number:02}aileron", "name": "Bash",
            "input": {"command": command, "description": "Run the command of the test"}}


def _message(body, blocks, reason) -> dict:
    return {"id": "msg_01aileron", "type": "message", "role": "assistant",
            "model": body.get("model", "stand-in"), "content": blocks, "stop_reason": reason,
            "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 1}}
