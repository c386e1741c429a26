// The costs at the sizes that the reader chooses; everything shown before stands in the markup.
(() => {
  const form = document.querySelector(".sizes");
  const message = form.querySelector("output");
  const inputs = [...form.querySelectorAll("input[data-size]")];
  const cellOf = (row) => row.querySelector(".chosen");
  const rows = [...form.querySelectorAll("tr[data-formula]")].map((row) => ({
    trees: [JSON.parse(row.dataset.formula)], cell: cellOf(row),
    text: ([value]) => (row.dataset.unit === "bytes" ? byteSize(value) : grouped(value)),
  })).concat([...form.querySelectorAll("tr[data-shape]")].map((row) => ({
    trees: JSON.parse(row.dataset.shape), cell: cellOf(row), text: (values) => `[${values.join(", ")}]`,
  })));
  const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

  // Sizes that have one value only have no control; they stand in the formulas as names all the same.
  const fixed = new Map(JSON.parse(form.dataset.sizes).map(([name, value]) => [name, BigInt(value)]));
  const grouped = (value) => value.toLocaleString("en-US");
  // Two decimals, a tie to the even digit, as in the figures of the article.
  const byteSize = (value) => {
    let unit = 0;
    while (unit < UNITS.length - 1 && value >= 1024n ** BigInt(unit + 1)) unit += 1;
    if (unit === 0) return grouped(value) + " B";
    const divisor = 1024n ** BigInt(unit);
    let hundredths = (value * 100n) / divisor;
    const rest = 2n * ((value * 100n) % divisor);
    if (rest > divisor || (rest === divisor && hundredths % 2n === 1n)) hundredths += 1n;
    const decimals = String(hundredths % 100n).padStart(2, "0");
    return `${grouped(value)} B (${hundredths / 100n}.${decimals} ${UNITS[unit]})`;
  };
  // The sliders move in steps and snap; what is typed counts as it is, so the numbers are read from the fields.
  const sizes = new Map(fixed);
  const take = () => {
    for (const input of inputs) if (input.type === "number") sizes.set(input.dataset.size, BigInt(input.value));
  };
  const show = () => {
    for (const { trees, cell, text } of rows) {
      try {
        cell.textContent = text(trees.map((tree) => computeFormula(tree, sizes)));
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        cell.textContent = "—";
      }
    }
  };
  const partner = (input) => inputs.find((one) => one !== input && one.dataset.size === input.dataset.size);
  const whole = (input) => /^\d+$/.test(input.value) && input.validity.valid;

  for (const input of inputs) {
    input.addEventListener("input", () => {
      if (!whole(input)) return;
      partner(input).value = input.value;
      sizes.set(input.dataset.size, BigInt(input.value));
      show();
    });
    input.addEventListener("change", () => {
      if (!whole(input)) input.value = String(sizes.get(input.dataset.size));
      message.textContent = message.dataset.message
        .replace("{name}", input.dataset.size).replace("{value}", grouped(BigInt(input.value)));
    });
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { message.textContent = ""; take(); show(); }));
  take();
  show();
})();
