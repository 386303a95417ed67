// Builds what the pages load into dist/: one style sheet, one script, the fonts they name, one
// sprite of the icons in use, one of the pictures on pupils' cards, a gzip copy of each, and
// manifest.json (plain name → hashed name).
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(here, "dist");
const pages = path.resolve(here, "..");
const placeholder = "placeholder";

await mkdir(dist, { recursive: true });
for (const name of await readdir(dist)) {
  if (name !== placeholder) await rm(path.join(dist, name), { recursive: true });
}

const manifest = {};
const sizes = [];

async function put(plain, hashed, bytes) {
  await writeFile(path.join(dist, hashed), bytes);
  manifest[plain] = hashed;
  let sent = bytes.length;
  if (!hashed.endsWith(".woff2")) {
    const packed = gzipSync(bytes, { level: 9 });
    await writeFile(path.join(dist, hashed + ".gz"), packed);
    sent = packed.length;
  }
  sizes.push([plain, bytes.length, sent]);
}

function hash(bytes) {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 10);
}

// Style, script and fonts.
const built = await build({
  absWorkingDir: here,
  entryPoints: { "app-css": "css/app.css", "app-js": "js/app.js" },
  outdir: dist,
  write: false,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022", "chrome111", "firefox115", "safari16.4"],
  loader: { ".woff2": "file" },
  assetNames: "[name].[hash]",
  legalComments: "none",
  logLevel: "warning",
});
for (const file of built.outputFiles) {
  const name = path.basename(file.path);
  const bytes = Buffer.from(file.contents);
  if (name === "app-css.css") await put("app.css", `app.${hash(bytes)}.css`, bytes);
  else if (name === "app-js.js") await put("app.js", `app.${hash(bytes)}.js`, bytes);
  else await put(name.replace(/\.[A-Z0-9]+\.woff2$/, ".woff2"), name, bytes);
}

// Icons: every quoted word of the sources that names an icon. A word too many costs a few bytes;
// an icon missing is seen at once.
const folder = path.join(here, "node_modules", "bootstrap-icons", "icons");
const known = new Set((await readdir(folder)).map((name) => name.replace(/\.svg$/, "")));
const used = new Set();
async function look(dir) {
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const full = path.join(dir, entry.name);
    if (entry.isDirectory()) {
      if (full !== here) await look(full);
    } else if (/\.(templ|go)$/.test(entry.name) && !/(_templ|_test)\.go$/.test(entry.name)) {
      const text = await readFile(full, "utf8");
      for (const [, word] of text.matchAll(/"([a-z][a-z0-9-]*)"/g)) if (known.has(word)) used.add(word);
    }
  }
}
await look(pages);
let sprite = '<svg xmlns="http://www.w3.org/2000/svg">';
for (const name of [...used].sort()) {
  const svg = await readFile(path.join(folder, name + ".svg"), "utf8");
  const box = svg.match(/viewBox="([^"]+)"/)[1];
  const inner = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").replace(/\s*\n\s*/g, "");
  sprite += `<symbol id="${name}" viewBox="${box}">${inner}</symbol>`;
}
sprite += "</svg>\n";
const spriteBytes = Buffer.from(sprite);
await put("icons.svg", `icons.${hash(spriteBytes)}.svg`, spriteBytes);

// Pictures: the drawings that stand beside passwords of the youngest, one colour, so that they print
// in black. Only the page of cards loads them. Their licence travels with them.
const emoji = JSON.parse(await readFile(
  path.join(here, "node_modules", "@iconify-json", "fluent-emoji-high-contrast", "icons.json"), "utf8"));
const list = await readFile(path.resolve(pages, "..", "pseudonym", "pictures.txt"), "utf8");
const licence = await readFile(path.join(here, "pictures.LICENSE"), "utf8");
let pictures = `<svg xmlns="http://www.w3.org/2000/svg"><!--\n${licence}-->`;
let drawn = 0;
for (const line of list.split("\n")) {
  const [name] = line.split("#")[0].trim().split(/\s+/);
  if (!name) continue;
  const icon = emoji.icons[name];
  if (!icon) throw new Error(`no drawing is called ${name}`);
  // Some are clipped to the whole of their box, by a name that would stand twice in one sprite.
  const body = icon.body.replace(/ clip-path="[^"]*"/g, "").replace(/<defs>.*?<\/defs>/g, "");
  if (/\b(id|style|href)=|url\(/.test(body)) throw new Error(`the drawing ${name} refers to something`);
  pictures += `<symbol id="${name}" viewBox="0 0 ${icon.width ?? emoji.width} ${icon.height ?? emoji.height}">${body}</symbol>`;
  drawn++;
}
const pictureBytes = Buffer.from(pictures + "</svg>\n");
await put("pictures.svg", `pictures.${hash(pictureBytes)}.svg`, pictureBytes);

const mark = await readFile(path.join(here, "mark.svg"));
await put("mark.svg", `mark.${hash(mark)}.svg`, mark);

await writeFile(path.join(dist, "manifest.json"), JSON.stringify(manifest, null, 1) + "\n");
for (const [name, raw, sent] of sizes) console.log(`${String(sent).padStart(7)} ${String(raw).padStart(7)}  ${name}`);
console.log(`${used.size} icons, ${drawn} pictures`);
