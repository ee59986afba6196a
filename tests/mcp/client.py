"""A client made of the official Python SDK, driven by lines of JSON.

    python client.py MODE COMMAND [ARGUMENT…]

starts COMMAND as an MCP server over stdio, connects (MODE is `legacy` for the initialize handshake
or `auto` for what the SDK negotiates), says what it got, and then does what each line of its standard
input says, with one line of JSON for each:

    {"do": "tools"}                                    tools/list
    {"do": "call", "tool": …, "arguments": {…}}        tools/call, and its result
    {"do": "start", "tool": …, "arguments": {…}}       tools/call, without waiting for its result
    {"do": "cancel"}                                   cancels the call that was started
    {"do": "together", "calls": [{…}, …]}              all at once, and all results
    {"do": "raw", "bytes": N}                          a tools/call with N bytes in it

It ends when its standard input does, by the SDK's own way of ending a session.
"""

import json
import sys

import anyio
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError
from mcp_types import Implementation


def say(value) -> None:
    print(json.dumps(value), flush=True)


async def call(client: Client, order: dict) -> dict:
    try:
        result = await client.call_tool(order["tool"], order.get("arguments"))
    except MCPError as error:
        return {"protocol_error": {"code": error.error.code, "message": error.error.message}}
    return result.model_dump(mode="json", by_alias=True, exclude_none=True)


async def main(mode: str, command: str, *arguments: str) -> None:
    server = StdioServerParameters(command=command, args=list(arguments))
    info = Implementation(name="sdk test", version="1.0")
    async with Client(server, mode=mode, client_info=info) as client, anyio.create_task_group() as tasks:
        about = client.server_info
        say({
            "server": about.model_dump(mode="json", by_alias=True, exclude_none=True) if about else None,
            "protocol": client.protocol_version,
            "instructions": client.instructions,
        })
        started = None
        ended = anyio.Event()
        async for line in anyio.wrap_file(sys.stdin):
            order = json.loads(line)
            match order["do"]:
                case "tools":
                    tools = await client.list_tools()
                    say(tools.model_dump(mode="json", by_alias=True, exclude_none=True)["tools"])
                case "call":
                    say(await call(client, order))
                case "raw":
                    say(await call(client, {"tool": "query_pg", "arguments": {
                        "database": "directus", "sql": "x" * order["bytes"],
                    }}))
                case "start":
                    started, ended = anyio.CancelScope(), anyio.Event()

                    async def run(scope=started, event=ended, order=order):
                        with scope:
                            await call(client, order)
                        event.set()

                    tasks.start_soon(run)
                    say({"started": True})
                case "cancel":
                    assert started is not None
                    started.cancel()
                    await ended.wait()
                    say({"cancelled": True})
                case "together":
                    results: list = [None] * len(order["calls"])

                    async def one(at: int, single: dict, results=results):
                        results[at] = await call(client, single)

                    async with anyio.create_task_group() as together:
                        for at, single in enumerate(order["calls"]):
                            together.start_soon(one, at, single)
                    say(results)
                case other:
                    raise ValueError(f"nobody knows what {other!r} is")
        tasks.cancel_scope.cancel()


anyio.run(main, *sys.argv[1:])
