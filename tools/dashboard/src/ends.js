// How processes of the program ended, newest first. The list is read again when the program counts one more.
import { Component } from "preact";
import { age, bytes, count, many, span } from "./format.js";
import { Events, Frames } from "./actor.js";
import { ActorName, Card, html } from "./view.js";
import { ask } from "./stream.js";

export class Ends extends Component {
    state = { ends: null, failed: "", open: 0 };
    componentDidMount() { this.read(); }
    componentDidUpdate() { this.read(); }
    async read() {
        const known = this.props.store.program?.ends ?? 0;
        if (this.busy || this.known === known || this.props.over) return;
        this.busy = true;
        try {
            const { ends } = await ask("ends");
            this.known = known;
            this.setState({ ends, failed: "" });
        } catch (error) {
            this.known = known;
            this.setState({ failed: error.message });
        }
        this.busy = false;
    }
    render({ store, select }, { ends, failed }) {
        const now = store.now();
        return html`<${Card} id="ends" title="Ends" note=${ends?.length ? `the last ${count(ends.length)}, newest first` : ""} empty=${failed || (ends && !ends.length ? "No process of the program has ended." : null)}>
            <div class="scroll ends" tabindex="0" role="region" aria-label="Ends">${(ends || []).map((one) => html`<details key=${one.number} class="end ${one.signal || one.exception_type ? "bad" : ""}">
                <summary><span class="n dim">${age(now - one.at)} ago</span> <b>${one.name}</b> <span>${one.text}</span></summary>
                <p>Number ${count(one.number)}: incarnation ${count(one.incarnation)}, process ${one.pid}, <${ActorName} id=${one.actor} store=${store} select=${select} />.
                ${one.message ? html` It handled <code>${one.message}</code>${one.from_name ? ` from ${one.from_name}` : ""}, delivered ${many(one.deliveries, "time")}.` : null}
                ${one.lost ? ` ${many(one.lost, "message")} in its mailbox went with it.` : ""}
                ${one.exception_type ? html` The exception was <code>${one.exception_type}</code>: ${one.exception_text}.` : null}
                <span class="dim"> It had used ${span(one.cpu_time)} of CPU, and ${bytes(one.peak_memory)} at most.</span></p>
                ${one.frames?.length ? html`<h3>Where</h3><${Frames} frames=${one.frames} />` : null}
                <${Events} events=${one.last} now=${one.at} title="What it did last, before its end" />
            </details>`)}</div>
        <//>`;
    }
}
