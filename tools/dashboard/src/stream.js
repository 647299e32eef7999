// The way to the tool: the token is traded for a cookie and a key, then the program is told about as events.

const KEY = "troupe-key";
let key = "";
const kept = () => { try { return localStorage.getItem(KEY) || ""; } catch { return ""; } };
const keep = (text) => { try { localStorage.setItem(KEY, text); } catch { /* then it lasts as long as the page */ } };

// Throws an Error whose text is a sentence.
async function asked(path, options = {}) {
    let answer;
    try {
        answer = await fetch(path, { ...options, headers: { "X-Troupe": key || "page", ...options.headers } });
    } catch {
        throw new Error("troupe dash does not answer: it has ended, or the way to it is cut.");
    }
    let said = {};
    try { said = await answer.json(); } catch { /* the status says enough */ }
    if (!answer.ok) throw new Error(said.error || `troupe dash answered with ${answer.status}.`);
    return said;
}

export const ask = (what, of) => asked(`/${what}${of === undefined ? "" : `?actor=${of}`}`);
export const post = (what, body) => asked(`/${what}`, {
    method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
});

export async function enter() {
    const token = location.hash.slice(1);
    key = kept();
    if (token) {
        history.replaceState(null, "", location.pathname);  // so that it is in no history and on no screenshot
        key = (await post("session", { token })).key;
        keep(key);
    }
    if (!key) throw new Error("This page needs the address that troupe dash printed, with all that follows the #.");
}

// Calls hear(name, object) for each event: all, change, ended, lost and found.
export function listen(hear) {
    const source = new EventSource(`/events?key=${encodeURIComponent(key)}`);
    for (const name of ["all", "change", "ended"]) {
        source.addEventListener(name, (event) => {
            if (name === "ended") source.close();  // it would come again and again
            hear(name, JSON.parse(event.data));
        });
    }
    source.onopen = () => hear("found");
    source.onerror = () => {
        hear("lost", { closed: source.readyState === EventSource.CLOSED });
        if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(hear), 3000);
    };
}
