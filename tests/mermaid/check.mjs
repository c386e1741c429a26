// Reads a JSON array of Mermaid texts from standard input; prints a JSON array with null or the parser's complaint.
import { JSDOM } from "jsdom";

const { window } = new JSDOM("<!DOCTYPE html><body></body>");
globalThis.window = window;
globalThis.document = window.document;
const { default: mermaid } = await import("mermaid");
mermaid.initialize({ startOnLoad: false });

let input = "";
for await (const chunk of process.stdin) input += chunk;
const complaints = [];
for (const text of JSON.parse(input)) {
  try {
    await mermaid.parse(text);
    complaints.push(null);
  } catch (error) {
    complaints.push(String(error.message ?? error));
  }
}
process.stdout.write(JSON.stringify(complaints) + "\n", () => process.exit(0));
