"""ROUGE by its definition (Lin, 2004), with the tokenisation and the rules of Google's rouge_score (use_stemmer=False): `rouge.py OUT`.

Written for the golden file alone, by the slowest and plainest means: subsequences by memoised recursion, counts by Counter. It uses
rouge_score itself wherever that package can be installed, and then checks the two against each other.
"""
import functools
import json
import random
import re
import sys
from collections import Counter

METRICS = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
HAND = [
    ("the cat sat on the mat", "the cat was on the mat"),
    ("w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5", "w1 w2 w3 w4 w5"),
    ("a b c\nd e f", "d e f\na b c"),
    ("one two one two", "one\ntwo\none"),
    ("\n\nfirst line\n\nsecond line\n", "second line\nfirst line"),
    ("/", "w1 w2"),
    ("", "w1"),
    ("x\n\ny", "\n"),
    ("same same same\nsame", "same\nsame same"),
    ("Über-fast naïve résumé", "uber fast naive resume"),
]


def tokens(text):
    return [t for t in re.split(r"[^a-z0-9]+", text.lower()) if t]


def lines(text):
    return [tokens(line) for line in text.split("\n") if line]


def f_measure(hits, predicted, expected):
    if hits == 0:
        return 0.0
    precision, recall = hits / predicted, hits / expected
    return 2 * precision * recall / (precision + recall)


def grams(words, n):
    return Counter(zip(*(words[i:] for i in range(n))))


def lcs(expected, predicted):
    """Positions in `expected`; where two cells tie, the last expected token is dropped."""
    @functools.lru_cache(None)
    def length(i, j):
        if i == 0 or j == 0:
            return 0
        if expected[i - 1] == predicted[j - 1]:
            return length(i - 1, j - 1) + 1
        return max(length(i - 1, j), length(i, j - 1))

    i, j, found = len(expected), len(predicted), set()
    while i and j:
        if expected[i - 1] == predicted[j - 1]:
            i, j = i - 1, j - 1
            found.add(i)
        elif length(i, j - 1) > length(i - 1, j):
            j -= 1
        else:
            i -= 1
    return found


def summary_hits(predicted, expected):
    free = [Counter(t for s in side for t in s) for side in (predicted, expected)]
    hits = 0
    for sentence in expected:
        for position in sorted(set().union(*(lcs(sentence, other) for other in predicted))):
            token = sentence[position]
            if all(counts[token] > 0 for counts in free):
                hits += 1
                for counts in free:
                    counts[token] -= 1
    return hits


def score(prediction, reference):
    predicted, expected = tokens(prediction), tokens(reference)
    made = {}
    for n in (1, 2):
        a, b = grams(predicted, n), grams(expected, n)
        made[f"rouge{n}"] = f_measure(sum((a & b).values()), sum(a.values()), sum(b.values()))
    made["rougeL"] = f_measure(len(lcs(expected, predicted)), len(predicted), len(expected))
    made["rougeLsum"] = f_measure(summary_hits(lines(prediction), lines(reference)), len(predicted), len(expected))
    return made


def drawn_text(draw):
    words = ["the", "a", "cat", "dog", "sat", "ran", "on", "mat", "The", "Dog", "3.5", "don't", "x_y", "é"]
    sentences = [" ".join(draw.choice(words) for _ in range(draw.randrange(12))) + draw.choice(["", ".", "!"])
                 for _ in range(1 + draw.randrange(4))]
    return "\n".join(sentences)


def check(pairs):
    try:
        from rouge_score.rouge_scorer import RougeScorer
    except ImportError:
        return None
    scorer = RougeScorer(METRICS)
    for prediction, reference in pairs:
        theirs, ours = scorer.score(reference, prediction), score(prediction, reference)
        assert all(abs(theirs[m].fmeasure - ours[m]) < 1e-9 for m in METRICS), (prediction, reference, theirs, ours)
    return "rouge_score"


draw = random.Random(5)
pairs = HAND + [(drawn_text(draw), drawn_text(draw)) for _ in range(60)]
checked = check(pairs)
cases = [dict(prediction=p, reference=r, scores=score(p, r)) for p, r in pairs]
with open(sys.argv[1], "w") as file:
    json.dump(dict(checkedAgainst=checked, cases=cases), file, indent=1, ensure_ascii=False)
    file.write("\n")
