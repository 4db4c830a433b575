"""A stand-in of the Messages API: streams one tool call, then the final answer.

The first question of a conversation is answered with a call of the Bash tool; a question that
carries the tool's result is answered with text that repeats this result, so the test sees at the
end that the command ran. Keeps each request's headers and body.
"""

import json
import time


class MessagesApi:
    """Adds the routes to a Site."""

    def __init__(self, site, command: str):
        self.site = site
        self.command = command
        self.calls = []
        site.routes["/v1/messages"] = self._messages
        site.routes["/v1/messages/count_tokens"] = lambda request: request.answer_json(
            {"input_tokens": 10})
        site.routes["/"] = lambda request: request.answer("")

    def tool_results(self) -> list:
        """The text of every tool result that the client sent back."""
        found = []
        for call in self.calls:
            for message in call.get("messages", []):
                content = message.get("content")
                for block in content if isinstance(content, list) else []:
                    if block.get("type") == "tool_result":
                        inner = block.get("content")
                        if isinstance(inner, list):
                            inner = "".join(part.get("text", "") for part in inner)
                        found.append(inner)
        return found

    def _messages(self, request):
        body = json.loads(request.body)
        self.calls.append(body)
        tools = {tool.get("name") for tool in body.get("tools", [])}
        results = self._last_results(body)
        if results is not None:
            blocks = [_text("The command said: " + results)]
            reason = "end_turn"
        elif "Bash" in tools:
            blocks = [_tool(self.command)]
            reason = "tool_use"
        else:
            blocks, reason = [_text("a title")], "end_turn"
        if body.get("stream"):
            self._stream(request, body, blocks, reason)
        else:
            request.answer_json(_message(body, blocks, reason))

    @staticmethod
    def _last_results(body):
        """The tool result in the last message, or None."""
        content = body["messages"][-1].get("content") if body.get("messages") else None
        for block in content if isinstance(content, list) else []:
            if block.get("type") == "tool_result":
                inner = block.get("content")
                if isinstance(inner, list):
                    inner = "".join(part.get("text", "") for part in inner)
                return inner or ""
        return None

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


def _pieces(text: str) -> list:
    return [text[start:start + 20] for start in range(0, len(text), 20)]


def _text(text: str) -> dict:
    return {"type": "text", "text": text}


def _tool(command: str) -> dict:
    return {"type": "tool_use", "id": "toolu_01aileron", "name": "Bash",
            "input": {"command": command, "description": "Run the command of the test"}}


def _message(body, blocks, reason) -> dict:
    return {"id": "msg_01aileron", "type": "message", "role": "assistant",
            "model": body.get("model", "stand-in"), "content": blocks, "stop_reason": reason,
            "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 1}}
