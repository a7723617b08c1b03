"""Faults by the hundred: python acceptance/chaos.py kills|disk|stops|redeploys --trials N --seed S. Prints a table, exits with 1 on a failure.

kills: a supervisor is stopped by strace at one system call of a rollout, then it, a worker or both are killed with SIGKILL. Two seconds
later the processes that live are those that the record names; after `stop` nothing lives and nothing answers.
disk: a disk that is full during a deployment, a kill of the supervisor, or a stop. stops: SIGTERM under load. redeploys: deployments under load.
"""
import argparse, collections, concurrent.futures, json, os, pathlib, random, re, signal, subprocess, sys, threading, time

from conftest import PROGRAM, Service
from notebooks import is_alive
from services import Load, Machine, ask, fill, processes
from test_stop import clients

#: Steps of a rollout: a system call of the supervisor's main thread, and its number among those of its kind. Every write of the record
#: is a rename of it and one of its copy.
STEPS = {
    "making the control groups": ("mkdir", 1),
    "about to start the worker": ("clone3", 1),
    "recording it: written": ("fsync", 1),
    "recording it: renamed": ("rename", 1),
    "recording it: copied": ("rename", 2),
    "recording the switch: written": ("fsync", 5),
    "recording the switch: renamed": ("rename", 3),
    "recording the switch: copied": ("rename", 4),
    "telling the old worker to end": ("kill", 1),
    "recording that: renamed": ("rename", 5),
    "recording that: copied": ("rename", 6),
    "answering the client": ("sendto", 1),
    "collecting the old worker": ("wait4", 1),
    "removing its groups": ("rmdir", 1),
    "recording its end: renamed": ("rename", 7),
}
VICTIMS = ["supervisor", "worker", "both"]
SETTLED = 2


def workers(folder):
    """The processes of a service, but for those that are not workers yet."""
    return {pid for pid, launching in processes(folder).items() if not launching}


def supervisors(folder):
    """The processes that supervise a service."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if file.read().split(b"\0")[1:3] == [b"supervise", str(folder).encode()] and is_alive(pid):
                    found.add(int(pid))
        except OSError:
            pass
    return found


def recorded(folder):
    return {worker["pid"] for worker in json.loads((folder / "service.json").read_text())["workers"]}


def is_settled(folder):
    """Whether what lives is what is recorded. Where everything was killed, no process is left that could record it."""
    live = workers(folder)
    return live == recorded(folder) or not live and not supervisors(folder)


def settles(folder, since):
    """When what lives was first what is recorded, in seconds, and whether it is so two seconds after the kill."""
    first = waits(lambda: is_settled(folder))
    time.sleep(max(0.0, since + SETTLED - time.monotonic()))
    # A worker that is being started is recorded first: a look between the two is no failure, several are.
    return first, waits(lambda: is_settled(folder), 0.5) is not None


def command(machine, *args):
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, env=machine.environment, timeout=60)


def stopped_at(supervisor, step, act):
    """Lets `act` begin, and has the supervisor stopped at a step of what it does; whether it came to it."""
    call, number = STEPS[step]
    line = ["strace", "-qq", "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGSTOP:when={number}", "-p", str(supervisor)]
    strace = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    came = threading.Event()

    def read():
        for said in strace.stderr:
            if "stopped by SIGSTOP" in said:
                came.set()
    threading.Thread(target=read, daemon=True).start()
    # Attached, when the kernel says so.
    until = time.monotonic() + 5
    while time.monotonic() < until and "TracerPid:\t0" in pathlib.Path(f"/proc/{supervisor}/status").read_text():
        time.sleep(0.002)
    act()
    reached = came.wait(timeout=8)
    strace.terminate()
    strace.wait()
    return reached


def kill(machine, step, victim, chance):
    """One trial; what came of it, None where no process died."""
    machine.run("deploy", machine.specification("films", rank=10, replicas=chance.choice([1, 2])))
    folder, service = machine.folder / "s" / "films", machine.service("films")
    supervisor, path = service["supervisor"], machine.specification("films", rank=11, replicas=chance.choice([1, 2]))
    deploying = []

    def deploy():
        deploying.append(subprocess.Popen([PROGRAM, "deploy", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                          env=machine.environment))
    reached = stopped_at(supervisor, step, deploy)
    victims = [supervisor] if victim != "worker" else []
    victims += [chance.choice(sorted(workers(folder)))] if victim != "supervisor" else []
    victims = [pid for pid in victims if reached and is_alive(pid)]
    since = time.monotonic()
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    if supervisor not in victims:
        os.kill(supervisor, signal.SIGCONT)
    first, settled = settles(folder, since)
    # With everything killed there is no process that could begin anew; the next deployment does.
    live = workers(folder)
    answers = not live or answering(service["url"])
    several = len(supervisors(folder)) > 1
    deploying[0].wait(timeout=60)
    ended = command(machine, "stop", "films")
    left = workers(folder) | supervisors(folder) if waits(lambda: not workers(folder) | supervisors(folder)) is None else set()
    after = answering(service["url"])
    if not victims:
        return None
    return {"first": first, "unsettled": not settled, "silent": not answers, "supervisors": several,
            "left": bool(left), "answers after stop": after, "stop failed": ended.returncode not in (0, 4)}


def answering(url):
    try:
        return ask(url + "/readyz", timeout=5)[0] == 200
    except OSError:
        return False


def waits(condition, seconds=SETTLED):
    """Seconds until a condition holds, None if it does not."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > seconds:
            return None
        time.sleep(0.01)
    return time.monotonic() - begun


FAULTS = ["unsettled", "silent", "supervisors", "left", "answers after stop", "stop failed"]


def kills(trials, seed, at_once):
    """Trials of every step and victim in turn, on several machines at once; the table, and the number of failures."""
    plan = [(at, list(STEPS)[at % len(STEPS)], VICTIMS[at // len(STEPS) % len(VICTIMS)]) for at in range(trials)]
    found, lock = collections.defaultdict(list), threading.Lock()
    queue = iter(plan)

    def work():
        machine = Machine()
        try:
            while (trial := next_of(queue, lock)) is not None:
                at, step, victim = trial
                outcome = kill(machine, step, victim, random.Random(f"{seed} {at}"))
                found[step].append((victim, outcome))
                if outcome and any(outcome[fault] for fault in FAULTS):
                    print(f"trial {at}: {step}, {victim}: {outcome}", flush=True)
                    for file in ["log", "service.json"]:
                        (pathlib.Path("/tmp") / f"chaos-{seed}-{at}-{file}").write_bytes((machine.folder / "s" / "films" / file).read_bytes())
        finally:
            machine.close()
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        for done in [pool.submit(work) for _ in range(at_once)]:
            done.result()
    rows, failures = [], 0
    for step in STEPS:
        counted = [(victim, outcome) for victim, outcome in found[step] if outcome]
        faults = {fault: sum(outcome[fault] for _, outcome in counted) for fault in FAULTS}
        failures += sum(faults.values())
        worst = max((SETTLED if outcome["first"] is None else outcome["first"] for _, outcome in counted), default=0)
        rows.append([step, len(found[step]) - len(counted), *(sum(v == victim for v, _ in counted) for victim in VICTIMS),
                     *faults.values(), f"{worst:.2f} s"])
    total = [sum(row[at] for row in rows) for at in range(1, 5 + len(FAULTS))]
    rows.append(["all", *total, max((row[-1] for row in rows), default="")])
    return ["killed while", "no kill", *VICTIMS, *FAULTS, "first settled"], rows, failures


def next_of(queue, lock):
    with lock:
        return next(queue, None)


def disk(trials, seed, _):
    """Cycles on a disk of 256 KiB that is full while something is done."""
    machine, counts = Machine(), {what: [0, 0, 0] for what in ["deploy", "kill the supervisor", "kill a worker", "stop"]}
    state, folder, failures = machine.folder / "s", machine.folder / "s" / "films", 0
    state.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", state], check=True)
    try:
        for at in range(trials):
            chance, what = random.Random(f"{seed} {at}"), list(counts)[at % len(counts)]
            service = machine.deploy("films", rank=10 + at % 7)
            with Load(service["url"], "/recommended?param=3", clients=2) as load:
                fill(state / "fill")
                faults = []
                if what == "deploy":
                    refused = command(machine, "deploy", machine.specification("films", rank=20 + at % 7))
                    faults += [] if refused.returncode == 1 and "No space left" in refused.stderr else [f"deploy: {refused}"]
                elif what == "kill the supervisor":
                    os.kill(service["supervisor"], signal.SIGKILL)
                    faults += [] if waits(lambda: supervisors(folder) - {service["supervisor"]}, 5) else ["no supervisor follows"]
                elif what == "kill a worker":
                    os.kill(chance.choice(sorted(workers(folder))), signal.SIGKILL)
                    waits(lambda: False, 0.3)
                else:
                    load.stop.set()
                    ended = command(machine, "stop", "films")
                    faults += [] if ended.returncode == 0 and not workers(folder) and not answering(service["url"]) else [f"stop: {ended}"]
                time.sleep(0.1)
                (state / "fill").unlink()
                if what == "stop":
                    time.sleep(0.1)
            if what != "stop":
                faults += [] if waits(lambda: workers(folder) == recorded(folder) and answering(service["url"]), 5) is not None else ["unsettled"]
            lost = 0 if what in ("kill a worker", "stop") else len(load.failures)
            counts[what] = [counts[what][0] + 1, counts[what][1] + lost, counts[what][2] + len(faults)]
            failures += lost + len(faults)
            if faults or lost:
                print(f"trial {at}: {what}: {faults} {load.failures[:3]}", flush=True)
    finally:
        command(machine, "stop", "--all")
        subprocess.run(["umount", "-l", state], check=True)
        machine.close()
    return ["full while", "trials", "lost requests", "faults"], [[what, *row] for what, row in counts.items()], failures


def stops(trials, seed, _):
    """SIGTERM to `serve` under six clients that connect anew for each request."""
    answered = lost = 0
    for at in range(trials):
        service = Service("demo", "--rank", 5, "--threads", 1)
        host, port = service.url.removeprefix("http://").split(":")
        threads, good, bad = clients((host, int(port)), 6)
        time.sleep(random.Random(f"{seed} {at}").uniform(0.02, 0.2))
        service.stop()
        for thread in threads:
            thread.join()
        answered, lost = answered + len(good), lost + len(bad)
    return ["stops", "answered", "lost"], [[trials, answered, lost]], lost


def redeploys(trials, seed, _):
    """Deployments under four clients, two of which keep their connections."""
    machine, chance = Machine(), random.Random(seed)
    try:
        service = machine.deploy("films", cpu=2)
        with Load(service["url"], "/recommended?param=3") as load:
            for _ in range(trials):
                machine.deploy("films", rank=chance.randint(5, 30), replicas=chance.choice([1, 2]), cpu=2)
        return ["deployments", "answered", "lost"], [[trials, len(load.answers), len(load.failures)]], len(load.failures)
    finally:
        machine.close()


def table(head, rows):
    widths = [max(len(str(row[at])) for row in [head, *rows]) for at in range(len(head))]
    return "\n".join("  ".join(str(cell).ljust(width) if not at else str(cell).rjust(width)
                               for at, (cell, width) in enumerate(zip(row, widths))) for row in [head, *rows])


def main():
    read = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    read.add_argument("what", choices=["kills", "disk", "stops", "redeploys"])
    read.add_argument("--trials", type=int, default=100)
    read.add_argument("--seed", type=int, default=1)
    read.add_argument("--at-once", type=int, default=2, help="machines at once, for kills")
    args = read.parse_args()
    begun = time.monotonic()
    head, rows, failures = globals()[args.what](args.trials, args.seed, args.at_once)
    print(table(head, rows))
    print(f"{args.what}: {args.trials} trials, seed {args.seed}, {failures} failures, {time.monotonic() - begun:.0f} s")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
