// What is known of the program: the rows of the last event, and what happened in the last ten minutes.

export const HISTORY = 600;  // seconds, one point each

const KEYED = ["actors", "channels", "cells"];

// Numbers of the last seconds; the oldest are overwritten.
export class Series {
    constructor() {
        this.values = new Float32Array(HISTORY);
        this.length = 0;
    }
    push(value) { this.values[this.length++ % HISTORY] = value; }
    last(most) {
        const n = Math.min(most, this.length, HISTORY), found = [];
        for (let i = this.length - n; i < this.length; i++) found.push(this.values[i % HISTORY]);
        return found;
    }
    mean(most) {
        const these = this.last(most);
        return these.length ? these.reduce((sum, one) => sum + one, 0) / these.length : 0;
    }
    peak() { return this.last(HISTORY).reduce((most, one) => Math.max(most, one), 0); }
}

class ActorHistory {
    constructor() {
        this.taken = new Series();
        this.depth = new Series();
        this.cpu = new Series();
        this.counted = 0;  // messages in the second that is not over
    }
}

export class Store {
    constructor() {
        this.program = null;
        this.rows = { actors: new Map(), channels: new Map(), cells: new Map() };
        this.whole = {};
        this.names = new Map();
        this.histories = new Map();
        this.times = [];
        this.total = { taken: new Series(), depth: new Series(), cpu: new Series() };
        this.takenAt = 0;
        this.heardAt = 0;
        this.second = 0;
        this.tree = [];
    }

    // The program's monotonic clock, as of now.
    now() {
        return this.stopped ?? this.takenAt + (performance.now() - this.heardAt) / 1000;
    }
    stop() { this.stopped = this.stopped ?? this.takenAt; }

    hear(event, said) {
        this.flatten(said);
        const before = this.rows.actors;
        if (event === "all") {
            for (const name of KEYED) this.rows[name] = new Map((said[name] || []).map((row) => [row.id, row]));
        } else {
            for (const name of KEYED) {
                const rows = this.rows[name] = new Map(this.rows[name]);
                for (const row of said.changed?.[name] || []) rows.set(row.id, row);
                for (const id of said.gone?.[name] || []) rows.delete(id);
            }
        }
        for (const [name, value] of Object.entries(event === "all" ? said : said.whole || {})) {
            if (!KEYED.includes(name)) this.whole[name] = value;
        }
        this.program = this.whole.programs?.[0] || this.program;
        this.remember(before, said.taken_at);
        this.tree = ordered(this.rows.actors);
    }

    // Actors that are listed with their names become their ids; the names are kept for when they have ended.
    flatten(said) {
        for (const [name, value] of Object.entries(said)) {
            if (Array.isArray(value)) value.forEach((row) => this.flattenRow(row));
            else if (name === "changed" || name === "whole") this.flatten(value);
        }
    }
    flattenRow(row) {
        if (!row || typeof row !== "object") return;
        for (const [name, value] of Object.entries(row)) {
            if (!Array.isArray(value) || !value.length || value[0]?.id === undefined) continue;
            value.forEach(({ id, name: called }) => this.names.set(id, called));
            row[name] = value.map(({ id }) => id);
        }
    }

    actor(id) { return this.rows.actors.get(id); }
    actors() { return [...this.rows.actors.values()]; }
    nameOf(id) {
        const row = this.rows.actors.get(id);
        return row ? row.name : this.names.get(id) || (id ? `actor ${id}` : "nobody");
    }
    // What an entry of a waiting list is about.
    named(why) {
        if (why.kind === "reply" || why.kind === "end") return this.nameOf(why.of);
        const channel = this.rows.channels.get(why.of);
        if (why.kind === "room" && channel?.readers?.length) return this.nameOf(channel.readers[0]);
        const object = channel || this.rows.cells.get(why.of);
        return object ? shortId(object.id) : shortId(why.of);
    }
    history(id) {
        if (!this.histories.has(id)) this.histories.set(id, new ActorHistory());
        return this.histories.get(id);
    }

    remember(before, takenAt) {
        const first = !this.takenAt;
        for (const row of this.rows.actors.values()) {
            const last = before.get(row.id);
            if (last === row) continue;
            const same = last && last.incarnation === row.incarnation && row.taken >= last.taken;
            if (last || !first) this.history(row.id).counted += same ? row.taken - last.taken : row.taken;
        }
        this.takenAt = takenAt;
        this.heardAt = performance.now();
        if (first) this.second = takenAt;
        const passed = takenAt - this.second;
        if (passed >= 0.9) this.endSecond(passed);
    }

    endSecond(passed) {
        let taken = 0, depth = 0, cpu = 0;
        for (const row of this.rows.actors.values()) {
            const it = this.history(row.id), rate = it.counted / passed;
            it.counted = 0;
            it.taken.push(rate);
            it.depth.push(row.mailbox?.messages || 0);
            it.cpu.push(row.cpu || 0);
            taken += rate;
            depth += row.mailbox?.messages || 0;
            cpu += row.cpu || 0;
        }
        for (const id of this.histories.keys()) if (!this.rows.actors.has(id)) this.histories.delete(id);
        this.total.taken.push(taken);
        this.total.depth.push(depth);
        this.total.cpu.push(cpu);
        this.times.push(Date.now() / 1000);
        if (this.times.length > HISTORY) this.times.shift();
        this.second = this.takenAt;
    }
}

// The low bits say which of the objects of a program it is; above them stands how often that place was used.
export function shortId(id) {
    try { return String(BigInt(id) & 0xffffn); } catch { return String(id); }
}

// [{row, depth, last, rails}]: each parent before its children. Whose parent is gone stands at the top.
function ordered(actors) {
    const below = new Map();
    for (const row of actors.values()) {
        const parent = actors.has(row.parent) && row.parent !== row.id ? row.parent : 0;
        if (!below.has(parent)) below.set(parent, []);
        below.get(parent).push(row);
    }
    for (const rows of below.values()) rows.sort((one, other) => one.id - other.id);
    const found = [], seen = new Set();
    const walk = (rows, rails) => rows?.forEach((row, i) => {
        if (seen.has(row.id)) return;
        seen.add(row.id);
        const last = i === rows.length - 1;
        found.push({ row, rails, last, depth: rails.length, children: below.get(row.id)?.length || 0 });
        walk(below.get(row.id), [...rails, !last]);
    });
    walk(below.get(0), []);
    for (const row of actors.values()) {  // a circle of parents, which only damaged memory has
        if (!seen.has(row.id)) found.push({ row, rails: [], last: true, depth: 0, children: 0 });
    }
    return found;
}
