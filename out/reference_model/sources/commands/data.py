"""`data`: the quality of a corpus, and a byte-pair tokenizer learned from one."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    tasks = parser.add_subparsers(dest="task", required=True)
    quality = tasks.add_parser("quality", help="lengths, and records that are broken, short, repetitive or there twice")
    quality.add_argument("path", type=Path, help="a .jsonl file (text or conversations), or a text file by paragraphs")
    quality.add_argument("--out", type=Path, help="folder for report.json and lengths.svg")
    quality.add_argument("--filtered", type=Path, help="write the records without an issue to this file")
    quality.add_argument("--min-length", type=int, default=10, help="shorter is too short (default: %(default)s)")
    tokenizer = tasks.add_parser("tokenizer", help="learn byte pairs and measure how well they compress")
    tokenizer.add_argument("corpus", help="opticks (bundled), stdlib (Python's own sources), a file or a folder")
    tokenizer.add_argument("--vocab-size", type=int, default=1024, help="default: %(default)s")
    tokenizer.add_argument("--out", type=Path, help="write the tokenizer to this .json file")


def run_data(arguments: argparse.Namespace) -> None:
    if arguments.task == "quality":
        report_quality(arguments)
    else:
        learn_tokenizer(arguments)


def report_quality(arguments: argparse.Namespace) -> None:
    from reference_model.quality import Rules, print_report, read_records, summarize, write_report, write_subset

    records = list(read_records(arguments.path, Rules(min_length=arguments.min_length)))
    report = summarize(records)
    print_report(report)
    if arguments.out is not None:
        for path in write_report(report, records, arguments.out):
            print(f"written: {path}")
    if arguments.filtered is not None:
        print(f"written: {arguments.filtered}, {write_subset(arguments.filtered, records, arguments.path):,} records")


def learn_tokenizer(arguments: argparse.Namespace) -> None:
    from reference_model.bpe import BytePairTokenizer, load_parallel_texts, measure_compression
    from reference_model.token_file import stream_pieces

    tokenizer = BytePairTokenizer.from_texts(stream_pieces(arguments.corpus), arguments.vocab_size)
    sample = next(stream_pieces(arguments.corpus))
    print(f"{tokenizer.vocab_size:,} tokens, learned from {arguments.corpus}")
    print(f"{'text':<12}{'characters':>12}{'bytes':>12}{'tokens':>12}{'chars/token':>13}{'bytes/token':>13}")
    for row in measure_compression(tokenizer, {"corpus": sample} | load_parallel_texts()):
        print(
            f"{row.language:<12}{row.characters:>12,}{row.bytes:>12,}{row.tokens:>12,}"
            f"{row.characters_per_token:>13.2f}{row.bytes_per_token:>13.2f}"
        )
    if arguments.out is not None:
        tokenizer.save(arguments.out)
        print(f"written: {arguments.out}")
