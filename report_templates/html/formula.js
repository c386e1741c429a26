"use strict";
// Computes a syntax tree at given sizes as Python would: whole numbers exactly (BigInt), fractions as doubles.
// Throws where there is no value: a division by zero, an exponent that is negative or too large, or a whole number
// beyond Number.MAX_SAFE_INTEGER that meets a fraction.
const computeFormula = (() => {
  const LARGEST_EXPONENT = 8n;
  const whole = (...sides) => sides.every((side) => typeof side === "bigint");
  const asFraction = (value) => {
    if (whole(value) && (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))) {
      throw new RangeError("too large to be a fraction exactly");
    }
    return Number(value);
  };
  const either = (exact, fractional) => (a, b) => whole(a, b) ? exact(a, b) : fractional(asFraction(a), asFraction(b));
  const floorDivide = (a, b) => (a % b !== 0n && (a < 0n) !== (b < 0n) ? a / b - 1n : a / b);
  const power = (a, b) => {
    if (b < 0n || b > LARGEST_EXPONENT) throw new RangeError("exponent");
    return a ** b;
  };
  const divide = (a, b) => {
    if (asFraction(b) === 0) throw new RangeError("division by zero");
    return asFraction(a) / asFraction(b);
  };
  const operations = {
    "+": either((a, b) => a + b, (a, b) => a + b),
    "-": either((a, b) => a - b, (a, b) => a - b),
    "*": either((a, b) => a * b, (a, b) => a * b),
    "/": divide,
    "//": floorDivide,
    "%": (a, b) => a - b * floorDivide(a, b),
    "**": power,
    "negative": (a) => -a,
    "int": (a) => (whole(a) ? a : BigInt(Math.trunc(a))),
  };
  const compute = (tree, sizes) => {
    if (typeof tree === "string") {
      if (!sizes.has(tree)) throw new RangeError(tree);
      return sizes.get(tree);
    }
    const [operator, ...sides] = tree;
    if (operator === "integer") return BigInt(sides[0]);
    if (operator === "fraction") return sides[0];
    return operations[operator](...sides.map((side) => compute(side, sizes)));
  };
  return compute;
})();
