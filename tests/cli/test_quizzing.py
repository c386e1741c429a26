"""The quiz of a report: what counts as right, what a session prints, what is refused."""

import io
import json
from pathlib import Path

import pytest

from analyzer.cli.quizzing import QuizQuestion, is_right, read_quiz, run_quiz
from analyzer.records.errors import UserError

SAMPLE = Path(__file__).parents[2] / "out" / "reference_model"


@pytest.mark.parametrize(
    ("given", "accepted", "right"),
    [
        ("124475904", ("124,475,904",), True),
        ("124,475,904", ("124,475,904",), True),
        ("124_475_904", ("124,475,904",), True),
        ("124.5M", ("124,475,904",), True),
        ("124.48 m", ("124,475,904",), True),
        ("124.4M", ("124,475,904",), False),
        ("0.1B", ("124,475,904",), False),  # one digit says too little
        ("124475905", ("124,475,904",), False),
        ("adamw", ("AdamW",), True),
        ("`[B, T, 3*n_embd]`", ("[B,T,3*n_embd]",), True),
        ("[B, T, n_embd]", ("[B, T, 3*n_embd]",), False),
        ("768", ("n_embd = 768", "n_embd", "768"), True),
        ("1,2", ("12",), False),
    ],
)
def test_an_answer_is_right_however_it_is_written(given, accepted, right):
    assert is_right(given, QuizQuestion("?", accepted[0], accepted, ())) is right


def test_every_answer_of_the_sample_is_accepted():
    for language in ("en", "zh"):
        questions = read_quiz(SAMPLE, language)
        assert len(questions) > 8
        assert all(is_right(question.answer, question) for question in questions)


def test_a_session_grades_explains_and_counts_only_answers(tmp_path, capsys):
    question = {
        "question": {"en": "How many layers?", "zh": "多少层？"},
        "answer": {"en": "12", "zh": "12"},
        "accepted": ["12"],
        "source": [{"where": "model.py:7", "text": "n_layer: int = 12"}],
    }
    quiz = {"schema": "deepdive/quiz/1", "repository": "net", "questions": [question] * 4}
    (tmp_path / "quiz.json").write_text(json.dumps(quiz))
    assert run_quiz(tmp_path, "en", io.StringIO("12\n13\n\n")) == 0
    printed = capsys.readouterr().out
    assert "right: 12\n  model.py:7\n    n_layer: int = 12" in printed
    assert "not right: 12" in printed and "skipped: 12" in printed
    assert "1 of 2 answers right; 2 questions not answered." in printed


def test_without_an_answer_there_is_no_score(tmp_path, capsys):
    (tmp_path / "quiz.json").write_text(json.dumps({"schema": "deepdive/quiz/1", "repository": "n", "questions": []}))
    assert run_quiz(tmp_path, None, io.StringIO("")) == 0
    assert "right" not in capsys.readouterr().out


@pytest.mark.parametrize("text", [None, "{", "[]", '{"schema": "other"}'])
def test_what_is_no_quiz_is_refused_in_one_line(tmp_path, text):
    if text is not None:
        (tmp_path / "quiz.json").write_text(text)
    with pytest.raises(UserError):
        read_quiz(tmp_path, None)


def test_a_language_that_the_report_lacks_is_named():
    with pytest.raises(UserError, match="'fr'"):
        read_quiz(SAMPLE, "fr")
