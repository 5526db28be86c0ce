// SPDX-License-Identifier: GPL-2.0-only
#include "targets.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "report.hpp"

namespace hm::vm
{
namespace
{

const Metric *find_metric(const Outcome &outcome, const std::string &run, const std::string &metric)
{
	const auto verdict = std::find_if(outcome.verdicts.begin(), outcome.verdicts.end(),
					  [&](const Verdict &one) { return one.run == run; });
	if (verdict == outcome.verdicts.end())
		return nullptr;
	const auto it = verdict->results.metrics.find(metric);
	return it == verdict->results.metrics.end() ? nullptr : &it->second;
}

/// What min and max are multiplied by.
std::optional<double> factor(const Outcome &outcome, const ReportRow &row, const Target &target)
{
	if (target.of.empty())
		return 1;
	const Metric *base = find_metric(outcome, target.of, row.metric);
	return base ? std::optional(base->value) : std::nullopt;
}

/// The failure, with values in full: rounded, one that is just out of its limits would look as if
/// it were within.
std::string failure_text(const Outcome &outcome, const ReportRow &row, const Target &target)
{
	const std::string name = fmt::format("metric {} of run \"{}\"", row.metric, target.run);
	const std::string limits = limits_text(row, target, -1);
	const Metric *metric = find_metric(outcome, target.run, row.metric);
	if (!metric)
		return fmt::format("target not measured: {} is missing, must be {}", name, limits);
	const Metric *base = find_metric(outcome, target.of, row.metric);
	if (!target.of.empty() && !base)
		return fmt::format("target not measured: {} must be {}, which has no value", name,
				   limits);
	return fmt::format("target missed: {} is {} {}, must be {}{}", name,
			   format_number(metric->value * row.scale, -1),
			   row.unit.empty() ? metric->unit : row.unit, limits,
			   base ? fmt::format(" ({})", format_number(base->value * row.scale, -1))
				: "");
}

} // namespace

std::string limits_text(const ReportRow &row, const Target &target, int digits)
{
	const auto limit = [&](const char *word, double bound) {
		if (target.of.empty())
			return fmt::format("{} {}", word, format_number(bound * row.scale, digits));
		return fmt::format("{} {} x {}", word, format_number(bound, -1), target.of);
	};
	std::string text;
	if (target.min)
		text += limit("at least", *target.min);
	if (target.min && target.max)
		text += ", ";
	if (target.max)
		text += limit("at most", *target.max);
	return text;
}

Met met(const Outcome &outcome, const ReportRow &row, const Target &target)
{
	const Metric *metric = find_metric(outcome, target.run, row.metric);
	const auto unit = factor(outcome, row, target);
	if (!metric || !unit)
		return Met::unknown;
	const bool within = (!target.min || metric->value >= *target.min * *unit) &&
			    (!target.max || metric->value <= *target.max * *unit);
	return within ? Met::yes : Met::no;
}

std::vector<std::string> fail_missed_targets(const Outcome &outcome, Verdict &verdict)
{
	std::vector<std::string> failures;
	if (!verdict.ran)
		return failures;
	for (const ReportRow &row : outcome.scenario.rows) {
		for (const Target &target : row.targets) {
			if (target.run == verdict.run && met(outcome, row, target) != Met::yes)
				failures.push_back(failure_text(outcome, row, target));
		}
	}
	verdict.failures.insert(verdict.failures.end(), failures.begin(), failures.end());
	return failures;
}

} // namespace hm::vm
