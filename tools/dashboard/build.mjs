// Writes page.html: the sources and what they stand on, in one file without foreign resources.
// Its first line has the hash of all that it was made from; tests/tools/page_is_built.py compares that.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

process.chdir(import.meta.dirname);

const sources = ["build.mjs", "package.json", "package-lock.json", ...readdirSync("src").sort().map((name) => `src/${name}`)];
const hash = createHash("sha256");
for (const name of sources) hash.update(`${name}\0`).update(readFileSync(name)).update("\0");

const { outputFiles } = await build({
    entryPoints: ["src/main.js"], bundle: true, minify: true, write: false, format: "iife", target: "es2022",
    charset: "utf8", legalComments: "none",
});
const script = outputFiles[0].text.trim().replaceAll("</script", "<\\/script");
const { outputFiles: styles } = await build({
    stdin: { contents: '@import "uplot/dist/uPlot.min.css"; @import "./src/page.css";', resolveDir: ".", loader: "css" },
    bundle: true, minify: true, write: false, charset: "utf8",
});
const style = styles[0].text.trim();

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const licences = ["preact", "htm", "uplot", "@dagrejs/dagre", "@dagrejs/graphlib"].map((name) => {
    const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`));
    return `${name} ${version} (${license})\n\n${readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim()}`;
}).join(`\n\n${"-".repeat(60)}\n\n`);

const digest = (text) => `sha256-${createHash("sha256").update(text).digest("base64")}`;
const filled = {
    SCRIPT_HASH: digest(script), STYLE_HASH: digest(style), LICENCES: escaped(licences), STYLE: style, SCRIPT: script,
};
const page = readFileSync("src/page.html", "utf8").replace(/\b(?:SCRIPT_HASH|STYLE_HASH|LICENCES|STYLE|SCRIPT)\b/g, (word) => filled[word]);
writeFileSync("page.html", `<!doctype html><!-- made from sources with the hash ${hash.digest("hex")} by build.mjs: do not edit -->\n${page}`);
