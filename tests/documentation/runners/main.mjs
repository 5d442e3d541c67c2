// Judges each arrival by the page's snippet, beside this file, and prints the answers.
import { readFileSync } from "node:fs";
import { isGenuine } from "./snippet.mjs";

const judge = ({ headers, body, secret, now }) => {
  Date.now = () => now * 1000;
  return isGenuine(headers, Buffer.from(body, "base64"), secret);
};

console.log(JSON.stringify(JSON.parse(readFileSync("arrivals.json")).map(judge)));
