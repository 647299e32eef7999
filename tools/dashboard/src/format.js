// Numbers as `troupe ps` writes them: 1,000 and 2:14 and 2.1 MiB.

export function count(n) {
    if (n === null || n === undefined) return "-";
    return Math.round(n).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

// A length of time in seconds: 0:05, 2:14, 23:57:46, 3d 04:05:06.
export function age(seconds) {
    if (seconds === null || seconds === undefined || !isFinite(seconds)) return "-";
    const whole = Math.max(0, Math.floor(seconds));
    const two = (n) => n.toString().padStart(2, "0");
    const days = Math.floor(whole / 86400), hours = Math.floor(whole / 3600) % 24;
    const minutes = Math.floor(whole / 60) % 60, rest = two(whole % 60);
    if (days) return `${days}d ${two(hours)}:${two(minutes)}:${rest}`;
    return hours ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

// A short length of time: 1.2 ms, 340 ns.
export function span(seconds) {
    if (seconds === null || seconds === undefined || !isFinite(seconds)) return "-";
    for (const [unit, size] of [["s", 1], ["ms", 1e-3], ["µs", 1e-6]]) {
        if (Math.abs(seconds) >= size) return `${three(seconds / size)} ${unit}`;
    }
    return `${Math.round(seconds * 1e9)} ns`;
}

export function bytes(n) {
    if (n === null || n === undefined) return "-";
    for (const [unit, size] of [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]]) {
        if (n >= size) return `${three(n / size)} ${unit}`;
    }
    return `${count(n)} B`;
}

// Messages in a second.
export function rate(n) {
    if (!n) return "0";
    return n >= 10 ? count(n) : three(n);
}

// As it stands beside an axis: without what a round number does not need.
export function mark(text) {
    return text.replace(/\.0\b/, "");
}

export function percent(share) {
    return share === null || share === undefined ? "-" : `${count(share * 100)}%`;
}

export function many(n, one, more = `${one}s`) {
    return `${count(n)} ${n === 1 ? one : more}`;
}

function three(n) {
    if (n >= 1000) return count(n);
    return n >= 100 ? n.toFixed(0) : n.toFixed(1);
}

export function place(where) {
    if (!where || !where.line) return "";
    return `${where.file.split("/").pop()}:${where.line}`;
}

// What an actor waits for, as a phrase. Names are looked up by `named`.
export function waiting(why, named, now) {
    const of = why.of_name || (why.of ? named(why) : "");
    const type = why.type ? ` to ${why.type.split("::").pop()}` : "";
    switch (why.kind) {
        case "reply": return `reply of ${of || "an actor"}${type}`;
        case "end": return `end of ${of || "an actor"}`;
        case "time": return `time, ${age(why.until - now)}`;
        case "room": return `room in the mailbox of ${of || "an actor"}`;
        case "descriptor": return `descriptor ${why.of}`;
        case "command": return `command, pid ${why.of}`;
        case "mailbox": return "mailbox";
        default: return of ? `${why.kind} ${of}` : why.kind;
    }
}
