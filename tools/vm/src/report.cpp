// SPDX-License-Identifier: GPL-2.0-only
#include "report.hpp"

#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "files.hpp"
#include "process.hpp"
#include "targets.hpp"

namespace fs = std::filesystem;

namespace hm::vm
{
namespace
{

using nlohmann::json;

/// Columns that a terminal needs for UTF-8 text (no wide characters in our reports).
size_t columns(const std::string &text)
{
	return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
		return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
	}));
}

std::string pad(const std::string &text, size_t width, bool right = false)
{
	const size_t have = columns(text);
	const std::string fill(width > have ? width - have : 0, ' ');
	return right ? fill + text : text + fill;
}

bool looks_numeric(const std::string &text)
{
	return !text.empty() &&
	       (std::isdigit(static_cast<unsigned char>(text.front())) != 0 ||
		(text.front() == '-' &&
		 (text.size() == 1 || std::isdigit(static_cast<unsigned char>(text[1])) != 0)));
}

/// One target as text, with whether it was met.
std::string target_text(const Outcome &outcome, const ReportRow &row, const Target &target,
			bool named)
{
	std::string text = limits_text(row, target, row.digits);
	if (named)
		text = target.run + ": " + text;
	switch (met(outcome, row, target)) {
	case Met::yes:
		return text + " (met)";
	case Met::no:
		return text + " (MISSED)";
	case Met::unknown:
		break;
	}
	return text + " (not measured)";
}

std::vector<std::vector<std::string>> metric_table(const Outcome &outcome)
{
	std::vector<std::vector<std::string>> table;
	if (outcome.scenario.rows.empty())
		return table;
	const bool targets = std::any_of(outcome.scenario.rows.begin(), outcome.scenario.rows.end(),
					 [](const ReportRow &row) { return !row.targets.empty(); });
	std::vector<std::string> head = {"what"};
	for (const Verdict &verdict : outcome.verdicts)
		head.push_back(verdict.run);
	head.emplace_back("unit");
	if (targets)
		head.emplace_back("to beat");
	table.push_back(std::move(head));
	for (const ReportRow &row : outcome.scenario.rows) {
		std::vector<std::string> line = {row.label};
		std::string unit = row.unit;
		for (const Verdict &verdict : outcome.verdicts) {
			const auto it = verdict.results.metrics.find(row.metric);
			if (it == verdict.results.metrics.end()) {
				line.emplace_back(verdict.ran ? "-" : "not run");
				continue;
			}
			line.push_back(format_number(it->second.value * row.scale, row.digits));
			if (unit.empty())
				unit = it->second.unit;
		}
		line.push_back(unit);
		if (targets) {
			const bool named = outcome.verdicts.size() > 1;
			std::string all;
			for (const Target &target : row.targets)
				all += (all.empty() ? "" : "; ") +
				       target_text(outcome, row, target, named);
			line.push_back(all);
		}
		table.push_back(std::move(line));
	}
	return table;
}

/// Tests that do not have the same outcome in every run.
std::vector<std::vector<std::string>> difference_table(const Outcome &outcome)
{
	std::vector<std::string> names; // in order of first appearance
	std::map<std::string, std::map<std::string, std::string>> seen;
	std::vector<std::string> head = {"test"};
	for (const Verdict &verdict : outcome.verdicts) {
		if (!verdict.ran)
			continue;
		head.push_back(verdict.run);
		for (const ktap::Leaf &leaf : verdict.leaves) {
			if (!seen.contains(leaf.name))
				names.push_back(leaf.name);
			seen[leaf.name][verdict.run] = leaf.outcome == ktap::Outcome::ok ? "ok"
						       : leaf.outcome == ktap::Outcome::skip
							       ? "skip"
							       : "not ok";
		}
	}
	std::vector<std::vector<std::string>> table;
	if (head.size() < 3)
		return table;
	for (const std::string &name : names) {
		std::vector<std::string> line = {name};
		std::set<std::string> kinds;
		for (size_t i = 1; i < head.size(); ++i) {
			const auto it = seen[name].find(head[i]);
			line.push_back(it == seen[name].end() ? "absent" : it->second);
			kinds.insert(line.back());
		}
		if (kinds.size() > 1)
			table.push_back(std::move(line));
	}
	if (!table.empty())
		table.insert(table.begin(), head);
	return table;
}

std::string qemu_text(const Hardware &hw)
{
	std::string text;
	if (hw.machine == Machine::icount)
		text = "-accel tcg,thread=single -icount shift=0,sleep=off ";
	return text + fmt::format("-smp {} -m {} -cpu {}", hw.smp, hw.memory, hw.cpu);
}

std::string machine_text()
{
	std::string cpu = "unknown processor";
	if (const auto info = read_file("/proc/cpuinfo")) {
		const size_t at = info->find("model name");
		const size_t colon = info->find(": ", at);
		if (at != std::string::npos && colon != std::string::npos)
			cpu = info->substr(colon + 2, info->find('\n', colon) - colon - 2);
	}
	std::string qemu = "QEMU";
	if (const auto text = run_output({.argv = {"qemu-system-x86_64", "--version"}}))
		qemu = text->substr(0, text->find(" ("));
	struct utsname uts {
	};
	::uname(&uts);
	return fmt::format("{} x {}, {} {}, {}", ::sysconf(_SC_NPROCESSORS_ONLN), cpu, uts.sysname,
			   uts.release, qemu);
}

size_t terminal_width()
{
	struct winsize size {
	};
	if (::ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 132;
}

struct Tally {
	int passed = 0;
	int failed = 0;
	int skipped = 0;
};

Tally tally(const std::vector<Outcome> &outcomes)
{
	Tally sum;
	for (const Outcome &outcome : outcomes) {
		for (const Verdict &verdict : outcome.verdicts) {
			int &which = !verdict.ran       ? sum.skipped
				     : verdict.passed() ? sum.passed
							: sum.failed;
			++which;
		}
	}
	return sum;
}

} // namespace

std::string format_number(double value, int digits)
{
	std::string text;
	if (digits < 0 &&
	    std::abs(value - std::round(value)) < 1e-9 * std::max(1.0, std::abs(value))) {
		text = fmt::format("{:.0f}", value);
	} else if (digits < 0) {
		text = fmt::format("{:.3f}", value);
		text.erase(text.find_last_not_of('0') + 1);
	} else {
		text = fmt::format("{:.{}f}", value, digits);
	}
	const size_t begin = text.front() == '-' ? 1 : 0;
	const size_t point = std::min(text.find('.'), text.size());
	for (size_t at = point; at > begin + 3; at -= 3)
		text.insert(at - 3, ",");
	return text;
}

std::string align_table(const std::vector<std::vector<std::string>> &rows)
{
	std::vector<size_t> widths;
	for (const auto &row : rows) {
		widths.resize(std::max(widths.size(), row.size()), 0);
		for (size_t i = 0; i < row.size(); ++i)
			widths[i] = std::max(widths[i], columns(row[i]));
	}
	std::string text;
	for (size_t r = 0; r < rows.size(); ++r) {
		std::string line;
		for (size_t i = 0; i < rows[r].size(); ++i) {
			// A heading stands as its numbers do.
			const std::string &sample = r == 0 && rows.size() > 1 && i < rows[1].size()
							    ? rows[1][i]
							    : rows[r][i];
			line += (i ? "  " : "") +
				pad(rows[r][i], widths[i], i > 0 && looks_numeric(sample));
		}
		line.erase(line.find_last_not_of(' ') + 1);
		text += line + "\n";
	}
	return text;
}

std::string side_by_side(const std::vector<std::string> &headings,
			 const std::vector<std::vector<std::string>> &blocks, size_t width)
{
	constexpr size_t gap = 3;
	std::vector<size_t> widths;
	size_t total = 0;
	size_t height = 0;
	for (size_t i = 0; i < blocks.size(); ++i) {
		size_t most = columns(headings[i]);
		for (const std::string &line : blocks[i])
			most = std::max(most, columns(line));
		widths.push_back(most);
		total += most + (i ? gap : 0);
		height = std::max(height, blocks[i].size());
	}
	std::string text;
	if (total > width) {
		for (size_t i = 0; i < blocks.size(); ++i) {
			text += headings[i] + ":\n";
			for (const std::string &line : blocks[i])
				text += "  " + line + "\n";
		}
		return text;
	}
	for (size_t row = 0; row <= height; ++row) {
		std::string line;
		for (size_t i = 0; i < blocks.size(); ++i) {
			const std::string &cell = row == 0                     ? headings[i]
						  : row - 1 < blocks[i].size() ? blocks[i][row - 1]
									       : "";
			line += (i ? std::string(gap, ' ') : "") + pad(cell, widths[i]);
		}
		line.erase(line.find_last_not_of(' ') + 1);
		text += line + "\n";
	}
	return text;
}

std::string scenario_text(const Outcome &outcome, size_t width)
{
	std::string text =
		fmt::format("== {}: {}\n", outcome.scenario.name, outcome.scenario.about);
	if (const auto table = metric_table(outcome); !table.empty())
		text += align_table(table);
	if (const auto table = difference_table(outcome); !table.empty())
		text += "Tests that differ:\n" + align_table(table);
	for (const std::string &name : outcome.scenario.blocks) {
		std::vector<std::string> headings;
		std::vector<std::vector<std::string>> blocks;
		for (const Verdict &verdict : outcome.verdicts) {
			const auto it = verdict.results.blocks.find(name);
			if (it == verdict.results.blocks.end())
				continue;
			headings.push_back(fmt::format("[{}]", verdict.run));
			blocks.push_back(it->second);
		}
		if (!blocks.empty())
			text += fmt::format("-- {}\n{}", name,
					    side_by_side(headings, blocks, width));
	}
	for (const Verdict &verdict : outcome.verdicts) {
		const char *word = !verdict.ran       ? "not run"
				   : verdict.passed() ? "passed"
						      : "FAILED";
		text += fmt::format("{} {}: {}", outcome.scenario.name, verdict.run, word);
		if (verdict.ran)
			text += fmt::format(
				" ({} ok, {} not ok, {} skipped; {:.1f} s; Linux {}; {})",
				verdict.counts.ok, verdict.counts.failed, verdict.counts.skipped,
				verdict.seconds, verdict.release, verdict.accel);
		else
			text += fmt::format(" ({})", verdict.why_not);
		text += "\n";
		for (const std::string &failure : verdict.failures)
			text += "    failure: " + failure + "\n";
		for (const std::string &remark : verdict.remarks)
			text += "    " + remark + "\n";
	}
	return text;
}

std::string summary_text(const std::vector<Outcome> &outcomes)
{
	std::string text;
	for (const Outcome &outcome : outcomes)
		text += scenario_text(outcome, terminal_width()) + "\n";
	const Tally sum = tally(outcomes);
	return text + fmt::format("{} passed, {} failed, {} skipped\n", sum.passed, sum.failed,
				  sum.skipped);
}

std::string markdown(const std::vector<Outcome> &outcomes, const std::string &command)
{
	std::string text = fmt::format("Command: `{}`. Machine: {}.\n", command, machine_text());
	for (const Outcome &outcome : outcomes) {
		const auto table = metric_table(outcome);
		if (table.empty())
			continue;
		std::string kernels;
		for (const Verdict &verdict : outcome.verdicts) {
			const std::string one =
				verdict.ran
					? fmt::format("{}: Linux {}", verdict.run, verdict.release)
					: fmt::format("{}: not run", verdict.run);
			kernels += (kernels.empty() ? "" : "; ") + one;
		}
		text += fmt::format(
			"\n### {}\n\n{} Guest: `{}`; kernel configuration `{}`. {}.\n\n",
			outcome.scenario.name, outcome.scenario.about,
			qemu_text(outcome.scenario.hardware), outcome.scenario.variant, kernels);
		for (size_t r = 0; r < table.size(); ++r) {
			text += "|";
			for (const std::string &cell : table[r])
				text += " " + cell + " |";
			text += "\n";
			if (r == 0) {
				text += "|";
				for (size_t i = 0; i < table[r].size(); ++i)
					text += i > 0 && i <= outcome.verdicts.size() ? "---:|"
										      : "---|";
				text += "\n";
			}
		}
		for (const Verdict &verdict : outcome.verdicts) {
			for (const std::string &failure : verdict.failures)
				text += fmt::format("\n**{} failed**: {}\n", verdict.run,
						    failure.substr(0, failure.find('\n')));
		}
	}
	return text;
}

bool all_passed(const std::vector<Outcome> &outcomes)
{
	const Tally sum = tally(outcomes);
	return sum.failed == 0 && sum.passed > 0;
}

Status write_reports(const std::vector<Outcome> &outcomes, const fs::path &out)
{
	json scenarios = json::array();
	for (const Outcome &outcome : outcomes) {
		constexpr size_t file_width = 132;
		if (auto st = write_file(out / outcome.scenario.name / "report.txt",
					 scenario_text(outcome, file_width));
		    !st)
			return st;
		json runs = json::array();
		for (const Verdict &verdict : outcome.verdicts)
			runs.push_back(to_json(verdict));
		scenarios.push_back({{"name", outcome.scenario.name}, {"runs", runs}});
	}
	const Tally sum = tally(outcomes);
	const json all = {{"schema", "hm-vm-summary-1"},
			  {"passed", sum.passed},
			  {"failed", sum.failed},
			  {"skipped", sum.skipped},
			  {"scenarios", scenarios}};
	return write_file(out / "summary.json",
			  all.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

Result<std::vector<Outcome>> load_outcomes(const std::vector<Scenario> &scenarios,
					   const fs::path &out)
{
	std::vector<Outcome> outcomes;
	for (const Scenario &scenario : scenarios) {
		Outcome outcome{scenario, {}};
		for (const RunSpec &run : scenario.runs) {
			const fs::path file = out / scenario.name / run.name / "verdict.json";
			if (!fs::exists(file)) {
				Verdict missing;
				missing.run = run.name;
				missing.kernel = run.kernel;
				missing.why_not = fmt::format("{} is not there", file.string());
				outcome.verdicts.push_back(std::move(missing));
				continue;
			}
			const auto text = read_file(file);
			if (!text)
				return tl::unexpected(text.error());
			auto verdict = verdict_from_json(json::parse(*text, nullptr, false),
							 file.string());
			if (!verdict)
				return tl::unexpected(verdict.error());
			verdict->dir = file.parent_path();
			outcome.verdicts.push_back(std::move(*verdict));
		}
		outcomes.push_back(std::move(outcome));
	}
	return outcomes;
}

} // namespace hm::vm
