"""The page's own language: sections, figures, tables as HTML in one file that loads nothing."""

import base64
import html
import re

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d5d9de; --back: #ffffff;
        --card: #f6f7f9; --link: #0b5cad; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e7eb; --soft: #a5adb8; --line: #3a414b; --back: #15181c; --card: #1e2228;
          --link: #7db7f0; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1rem 1.25rem 4rem; background: var(--back);
       color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans",
       sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0.5rem 0 0.2rem; }
h2 { font-size: 1.3rem; margin: 2.6rem 0 0.6rem; padding-top: 0.6rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.6rem 0 0.4rem; }
p, li { max-width: 46rem; }
a { color: var(--link); }
nav { margin: 1rem 0; line-height: 2; }
nav a { margin-right: 1rem; white-space: nowrap; }
.facts { color: var(--soft); margin: 0; }
.summary li { margin: 0.35rem 0; }
code { white-space: nowrap; }
figure { margin: 1rem 0 1.6rem; }
figcaption { color: var(--soft); font-size: 0.9rem; max-width: 50rem; margin-top: 0.4rem; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21.5rem), 1fr));
          gap: 0.9rem; }
.panel { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 0.6rem; }
.panel b { display: block; font-size: 0.92rem; line-height: 1.3; min-height: 2.6em; margin: 0 0 0.4rem; }
.panel img { display: block; width: 100%; height: auto; background: #ffffff; border-radius: 3px; }
.scroll { overflow-x: auto; margin: 0.8rem 0; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
.note { color: var(--soft); font-size: 0.9rem; margin: 1rem 0 0; }
.note + .scroll { margin-top: 0.3rem; }
th, td { padding: 0.25rem 0.7rem; border-bottom: 1px solid var(--line); text-align: left;
         vertical-align: top; }
td.n, th.n { text-align: right; white-space: nowrap; }
thead th { border-bottom: 2px solid var(--line); }
details { margin: 0.8rem 0; }
summary { cursor: pointer; color: var(--link); }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 0.8rem;
      overflow-x: auto; font-size: 0.85rem; line-height: 1.4; }
@media (max-width: 46rem) { .panel b { min-height: 0; } }
@media (max-width: 30rem) { body { padding: 0.5rem 0.75rem 3rem; } th, td { padding: 0.25rem 0.4rem; } }
@media print { nav { display: none; } figure, table { break-inside: avoid; } body { max-width: none; }
  .panels { grid-template-columns: 1fr 1fr; } h2 { break-after: avoid; } .scroll { overflow: visible; } }
"""


def escape(words):
    return html.escape(str(words), quote=True)


def paragraph(words):
    return f"<p>{escape(words)}</p>"


def note(words):
    return f'<p class="note">{escape(words)}</p>'


def picture(svg, alt):
    """An SVG as an image of the page itself: its ids stay its own, and it has a text beside it."""
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{data}">'


def figure(panels, caption):
    """`panels`: (title, svg, alt)."""
    if not panels:
        return ""
    inside = "\n".join(f'<div class="panel"><b>{escape(title)}</b>{picture(svg, alt)}</div>'
                       for title, svg, alt in panels)
    return (f'<figure><div class="panels">\n{inside}\n</div>\n'
            f"<figcaption>{escape(caption)}</figcaption></figure>")


def table(header, rows, caption="", numbers=()):
    """`numbers` names the columns (by place) that are right-aligned."""
    def cell(tag, place, words):
        mark = ' class="n"' if place in numbers else ""
        scope = ' scope="col"' if tag == "th" else ""
        return f"<{tag}{mark}{scope}>{escape(words)}</{tag}>"
    head = "".join(cell("th", i, words) for i, words in enumerate(header))
    body = "\n".join("<tr>" + "".join(cell("td", i, words) for i, words in enumerate(row)) + "</tr>"
                     for row in rows)
    # Not <caption>: that is as narrow as its table.
    above = note(caption) + "\n" if caption else ""
    return (f'{above}<div class="scroll"><table><thead><tr>{head}</tr></thead>\n'
            f"<tbody>\n{body}\n</tbody></table></div>")


def folded(title, inside):
    return f"<details><summary>{escape(title)}</summary>\n{inside}\n</details>"


def preformatted(words):
    return f"<pre>{escape(words)}</pre>"


def answers(questions):
    """`questions`: (question, sentences); a question without any is left out."""
    def marked(words):  # what somebody may type stays in one line
        return re.sub(r"--[a-z]+( [a-z_.]+=[a-z]+)?", r"<code>\g<0></code>", escape(words))
    items = "\n".join(f"<li><b>{escape(question)}</b> {marked(' '.join(sentences))}</li>"
                      for question, sentences in questions if sentences)
    return f'<ul class="summary">\n{items}\n</ul>' if items else ""


def document(title, facts, sections):
    """`sections`: (id, heading, html); empty ones are left out."""
    kept = [section for section in sections if section[2].strip()]
    links = "\n".join(f'<a href="#{name}">{escape(heading)}</a>' for name, heading, _ in kept)
    body = "\n".join(f'<section id="{name}"><h2>{escape(heading)}</h2>\n{inside}\n</section>'
                     for name, heading, inside in kept)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} – needflow</title>
<style>{STYLE}</style>
</head>
<body>
<header><h1>{escape(title)}</h1>
<p class="facts">{escape(facts)}</p></header>
<nav aria-label="Sections">
{links}
</nav>
<main>
{body}
</main>
</body>
</html>
"""
