"""Errors of functions under their own names, and no pause after each invocation."""

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

SEPARATOR = "\\u0000"
# The worker of MiniStack sends only the message of an error: the name is put before it.
REPLACED = {
    "error: String(err.message || err), trace":
        f'error: String(err.name || "Error") + "{SEPARATOR}" + String(err.message || err), trace',
    'status: "error", error: e.message, trace: e.stack':
        f'status: "error", error: String(e.name || "Error") + "{SEPARATOR}" + e.message, trace: e.stack',
}
# Seconds that MiniStack listens for log lines after an invocation; its own are 50 ms and more.
DRAIN_SECONDS = (0.004, 0.003, 0.25)


def install():
    script = lambda_runtime._NODEJS_WORKER_SCRIPT
    for old, new in REPLACED.items():
        if old not in script:
            raise SystemExit(f"the worker of MiniStack has no {old!r}")
        script = script.replace(old, new)
    lambda_runtime._NODEJS_WORKER_SCRIPT = script
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = DRAIN_SECONDS
    execute = lambda_svc._execute_function_warm

    def execute_and_name(func, event, request_id):
        result = execute(func, event, request_id)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict):
            name, found, message = str(body.get("errorMessage", "")).partition("\0")
            if found:
                body["errorType"], body["errorMessage"] = name, message
        return result

    lambda_svc._execute_function_warm = execute_and_name
