def _foretaste(shell=get_ipython()):
    """Readies a kernel: no name of this stays behind."""
    import functools
    import sys
    import threading
    from concurrent.futures import ThreadPoolExecutor
    from contextvars import ContextVar

    streams = {name: getattr(sys, name, None) for name in ("stdout", "stderr")}

    def restore():
        """Puts back the streams that a cell closed or took away: the kernel itself fails without them."""
        for name, stream in streams.items():
            current = getattr(sys, name, None)
            if current is None or getattr(current, "closed", False) is True:
                setattr(sys, name, stream)

    def receive():
        """Gives `REQUEST` the text that comes with a cell, and forgets what earlier cells printed."""
        text = shell.kernel.get_parent("shell").get("metadata", {}).get("foretaste_request")
        if text is not None:
            shell.user_ns["REQUEST"] = text
            getattr(shell.history_manager, "outputs", {}).clear()

    receive()
    shell.events.register("pre_execute", receive)
    shell.events.register("post_execute", restore)
    # What is closed stays closed for every request that follows.
    for stream in streams.values():
        try:
            stream.close = lambda: None
        except AttributeError:
            pass

    # IPython looks for a `;` that silences a value in its history, where no cell is kept.
    hook, cells = getattr(shell, "displayhook", None), [""]
    if hasattr(hook, "semicolon_at_end_of_expression"):
        shell.events.register("pre_run_cell", lambda info: cells.__setitem__(0, info.raw_cell))
        hook.quiet = lambda: hook.semicolon_at_end_of_expression(cells[0])

    # What a thread prints belongs to the request that started it, also when another is being answered meanwhile.
    owners = [shell, hook, getattr(shell, "display_pub", None), *streams.values()]
    parents = [getattr(owner, "_parent_header", None) for owner in owners]
    parents = [parent for parent in parents if isinstance(parent, ContextVar)]

    def owned(run):
        values = [(parent, parent.get(None)) for parent in parents]

        @functools.wraps(run)
        def wrapped(*args, **kwargs):
            tokens = [(parent, parent.set(value)) for parent, value in values if value is not None]
            try:
                return run(*args, **kwargs)
            finally:
                for parent, token in tokens:
                    parent.reset(token)

        return wrapped

    start, submit = threading.Thread.start, ThreadPoolExecutor.submit

    @functools.wraps(start)
    def start_owned(self):
        self.run = owned(self.run)
        start(self)

    @functools.wraps(submit)
    def submit_owned(self, fn, /, *args, **kwargs):
        return submit(self, owned(fn), *args, **kwargs)

    threading.Thread.start, ThreadPoolExecutor.submit = start_owned, submit_owned

    # A message that is larger than any reply may be need not be sent, nor taken in.
    session, most = shell.kernel.session, MOST_BYTES
    serialize = session.serialize

    def bounded(message, ident=None):
        parts = serialize(message, ident)
        if sum(map(len, parts)) <= most:
            return parts
        return serialize({**message, "content": {"foretaste_too_large": True, "status": "error"}}, ident)

    session.serialize = bounded


try:
    _foretaste()
finally:
    del _foretaste
