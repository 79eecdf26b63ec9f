// Sorting, filters, search, the address, copy and CSV. Without this script every table is whole and readable.
(() => {
  "use strict";

  const text = (cell) => cell.textContent.replace(/\s+/g, " ").trim();
  const number = (words) => (words === "" ? NaN : Number(words.replace(/^[≥>= ]+/, "").replace(/[,%]/g, "")));
  const value = (cell) => number(cell.dataset.v ?? text(cell));

  class Board {
    constructor(form) {
      this.form = form;
      this.table = document.getElementById(form.dataset.for);
      this.heads = [...this.table.tHead.rows[0].cells];
      this.keys = this.heads.map((head) => head.dataset.key);
      this.groups = [...this.table.tBodies].map((body) => ({
        body,
        title: body.querySelector("tr.group"),
        rows: [...body.querySelectorAll("tr:not(.group)")],
      }));
      this.rows = this.groups.flatMap((group) => group.rows);
      this.rows.forEach((row) => { row.found = text(row).toLowerCase(); });
      this.sort = "";
      this.heads.forEach((head, at) => this.dress(head, at));
      this.read();
      this.form.hidden = false;
      this.listen();
      this.show();
    }

    // A heading becomes a button.
    dress(head, at) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const key = this.keys[at];
        const first = head.classList.contains("n") && key !== "rank" && key !== "k" ? "-" : "";
        const turn = [first + key, (first ? "" : "-") + key, ""];
        this.sort = turn[(turn.indexOf(this.sort) + 1) % turn.length];
        this.change();
      });
    }

    listen() {
      const { form } = this;
      form.addEventListener("input", () => this.change());
      form.addEventListener("submit", (event) => event.preventDefault());
      form.addEventListener("reset", (event) => {
        event.preventDefault();
        this.fields().forEach((field) => { field.value = ""; });
        this.sort = "";
        this.change();
      });
      form.querySelector('[data-act="copy"]').addEventListener("click", (event) => this.copy(event.target));
      form.querySelector('[data-act="csv"]').addEventListener("click", () => this.download());
      window.addEventListener("popstate", () => { this.read(); this.show(); });
    }

    fields() {
      return [...this.form.elements].filter((field) => field.name);
    }

    // The address holds the whole state.
    read() {
      const asked = new URLSearchParams(location.search);
      this.fields().forEach((field) => {
        field.value = asked.get(field.name) ?? "";
        if (field.selectedIndex === -1) field.value = "";
      });
      const sort = asked.get("sort") ?? "";
      this.sort = this.keys.includes(sort.replace(/^-/, "")) ? sort : "";
    }

    change() {
      const state = new URLSearchParams();
      this.fields().forEach((field) => { if (field.value) state.set(field.name, field.value); });
      if (this.sort) state.set("sort", this.sort);
      const query = state.toString();
      history.replaceState(null, "", query ? `?${query}` : location.pathname);
      this.show();
    }

    show() {
      const wanted = Object.fromEntries(this.fields().map((field) => [field.name, field.value]));
      this.columns(wanted.task);
      const words = (wanted.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
      const holds = (row) =>
        words.every((word) => row.found.includes(word)) &&
        ["decoder", "k", "kind", "cost"].every((name) => !wanted[name] || this.field(row, name) === wanted[name]) &&
        (!wanted.task || text(row.cells[this.keys.indexOf(wanted.task)]) !== "");
      this.rows.forEach((row) => { row.hidden = !holds(row); });
      this.order();
      const shown = this.rows.filter((row) => !row.hidden).length;
      this.form.querySelector(".count").textContent =
        (shown === this.rows.length ? "" : `${shown} of `) + (this.rows.length === 1 ? "1 row" : `${this.rows.length} rows`);
      document.querySelectorAll("a[data-keep]").forEach((link) => { link.search = location.search; });
    }

    field(row, name) {
      return row.dataset[name] ?? (name === "cost" ? "" : text(row.cells[this.keys.indexOf(name)]));
    }

    // A task chosen in the overview hides the columns of the others.
    columns(task) {
      this.heads.forEach((head, at) => {
        if (!head.dataset.task) return;
        const hide = Boolean(task) && head.dataset.task !== task;
        if (head.hidden === hide) return;
        head.hidden = hide;
        this.rows.forEach((row) => { row.cells[at].hidden = hide; });
      });
    }

    // Sorted, all groups become one list; in the board's own order each has its heading again.
    order() {
      const key = this.sort.replace(/^-/, "");
      this.heads.forEach((head, at) => {
        if (key && this.keys[at] === key) head.setAttribute("aria-sort", this.sort[0] === "-" ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
      this.table.classList.toggle("sorted", Boolean(key));
      this.groups.forEach((group) => {
        if (!key) group.body.append(...group.rows);
        if (group.title) group.title.hidden = Boolean(key) || group.rows.every((row) => row.hidden);
      });
      if (!key) return;
      const at = this.keys.indexOf(key);
      const sign = this.sort[0] === "-" ? -1 : 1;
      const numeric = this.heads[at].classList.contains("n");
      const compare = (a, b) => {
        if (!numeric) return sign * a.word.localeCompare(b.word);
        if (Number.isNaN(a.value) || Number.isNaN(b.value)) return Number.isNaN(a.value) - Number.isNaN(b.value);
        return sign * (a.value - b.value);
      };
      const sorted = this.rows
        .map((row) => ({ row, value: value(row.cells[at]), word: text(row.cells[at]) }))
        .sort(compare);
      this.groups[0].body.append(...sorted.map((entry) => entry.row));
    }

    // What is shown, in its order, and what the headings of the groups say: kind and k; no cell can be taken for a formula.
    csv() {
      const shown = this.heads.map((head, at) => at).filter((at) => !this.heads[at].hidden);
      const cell = (words) => {
        const safe = /^[=+@\t]/.test(words) || (words[0] === "-" && Number.isNaN(number(words))) ? `'${words}` : words;
        return /[",\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
      };
      const line = (row) => shown.map((at) => cell(text(row.cells[at]))).join(",");
      const rows = [...this.table.rows].filter((row) => !row.hidden && !row.classList.contains("group"));
      return rows.map(line).join("\n") + "\n";
    }

    async copy(button) {
      const said = (button.dataset.said ??= button.textContent); // A second click may come while it says "Copied".
      try {
        await navigator.clipboard.writeText(this.csv());
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not allowed";
      }
      setTimeout(() => { button.textContent = said; }, 1500);
    }

    download() {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([this.csv()], { type: "text/csv" }));
      link.download = `${this.table.dataset.name}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    }
  }

  document.querySelectorAll("form.controls").forEach((form) => new Board(form));
})();
