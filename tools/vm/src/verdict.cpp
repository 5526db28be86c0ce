// SPDX-License-Identifier: GPL-2.0-only
#include "verdict.hpp"

#include <algorithm>
#include <regex>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "files.hpp"

namespace hm::vm
{
namespace
{

using nlohmann::json;

/// The last lines of a log, for a guest that gave no other sign.
std::string tail(const std::string &text, int lines)
{
	size_t from = text.find_last_not_of("\r\n ");
	if (from == std::string::npos)
		return "nothing at all";
	const size_t end = from + 1;
	while (lines > 0 && from != std::string::npos) {
		from = from == 0 ? std::string::npos : text.find_last_of('\n', from - 1);
		--lines;
	}
	std::string cut = text.substr(from == std::string::npos ? 0 : from + 1,
				      end - (from == std::string::npos ? 0 : from + 1));
	std::erase(cut, '\r');
	return cut;
}

void judge_ending(const Ending &ending, Verdict &out)
{
	if (ending.timed_out) {
		out.failures.push_back(fmt::format(
			"hang: not powered off after {:.0f} s{}; its last words: {}\n        (blocked tasks and "
			"CPUs, if the kernel could still tell, are at the end of console.log)",
			ending.limit,
			ending.starved >= 1
				? fmt::format(
					  " (and {:.0f} s in which the host was too busy to run it)",
					  ending.starved)
				: "",
			tail(ending.console.substr(0, ending.diagnosis_from), 2)));
	} else if (!ending.powered_off) {
		const std::string says = tail(ending.qemu_says, 3);
		if (ending.shutdown_reason == "guest-reset")
			out.failures.emplace_back(
				"the guest reset itself instead of powering off: it panicked, "
				"or crashed too early to say so");
		else
			out.failures.push_back(fmt::format(
				"the guest did not power off: QEMU ended with status {}{}{}",
				ending.qemu_status,
				ending.shutdown_reason.empty()
					? ""
					: ", reason " + ending.shutdown_reason,
				ending.qemu_says.empty() ? "" : ", and says: " + says));
	}
}

void judge_kernel_log(const Ending &ending, const std::vector<dmesg::Allow> &allowed, Verdict &out)
{
	bool any = false;
	for (const dmesg::Splat &splat : dmesg::scan(
		     std::string_view(ending.console).substr(0, ending.diagnosis_from), allowed)) {
		any = true;
		if (splat.allowed_because.empty())
			out.failures.push_back(fmt::format("kernel log line {}: {}: {}", splat.line,
							   splat.kind,
							   fmt::join(splat.text, "\n        ")));
		else
			out.remarks.push_back(fmt::format("kernel log line {}: {} allowed: {}",
							  splat.line, splat.kind,
							  splat.allowed_because));
	}
	// A second net: the kernel remembers that it complained even if the text got lost.
	if (!any && out.results.taint != 0)
		out.failures.push_back(
			fmt::format("the kernel is tainted ({}) without a line in its log that "
				    "says why (Documentation/admin-guide/tainted-kernels.rst)",
				    out.results.taint));
}

void judge_script(Verdict &out)
{
	if (!out.results.exit_status)
		out.failures.emplace_back("the guest script did not come to its end");
	else if (*out.results.exit_status != 0)
		out.failures.push_back(fmt::format("the guest script ended with status {}",
						   *out.results.exit_status));
	for (const std::string &problem : out.results.problems)
		out.failures.push_back("results port: " + problem);
}

void judge_tests(const RunSpec &run, const ktap::Report &report, Verdict &out)
{
	if (report.bail_out)
		out.failures.push_back(fmt::format("bail out: {}", *report.bail_out));
	if (run.tests == TestsRule::none) {
		if (!report.tests.empty())
			out.failures.emplace_back(
				"test results from a script that should only measure "
				"(\"tests\": \"none\")");
		return;
	}
	for (const std::string &problem : report.problems)
		out.failures.push_back("test results: " + problem);
	const auto [ok, failed, skipped] = out.counts;
	for (const ktap::Leaf &leaf : out.leaves) {
		if (leaf.outcome == ktap::Outcome::skip)
			out.remarks.push_back(
				fmt::format("skipped: {} ({})", leaf.name, leaf.reason));
		else if (leaf.outcome == ktap::Outcome::not_ok && leaf.expected_failure)
			out.remarks.push_back(
				fmt::format("expected to fail: {} ({})", leaf.name, leaf.reason));
		else if (leaf.outcome == ktap::Outcome::not_ok && run.tests == TestsRule::any)
			out.remarks.push_back(fmt::format("failed, as it may: {}", leaf.name));
		else if (leaf.outcome == ktap::Outcome::not_ok)
			out.failures.push_back(fmt::format("not ok: {}", leaf.name));
	}
	if (run.tests == TestsRule::pass && ok == 0 && failed == 0 && skipped > 0)
		out.failures.push_back(
			fmt::format("all {} tests were skipped: nothing was tested", skipped));
	if (ok + failed + skipped == 0)
		out.failures.emplace_back("not one test result");
	if (run.tests == TestsRule::skip && ok > 0)
		out.failures.push_back(fmt::format(
			"{} tests passed although all should be skipped ({})", ok, run.reason));
	if (run.max_skipped && skipped > *run.max_skipped)
		out.failures.push_back(fmt::format("{} tests skipped, at most {} may be", skipped,
						   *run.max_skipped));
	if (run.min_failed && failed < *run.min_failed)
		out.failures.push_back(fmt::format("{} tests failed, at least {} have to ({})",
						   failed, *run.min_failed, run.reason));
}

void judge_bounds(const Scenario &scenario, const RunSpec &run, Verdict &out)
{
	for (const Bound &bound : scenario.bounds) {
		if (!bound.run.empty() && bound.run != run.name)
			continue;
		const auto it = out.results.metrics.find(bound.metric);
		if (it == out.results.metrics.end()) {
			out.failures.push_back(fmt::format("metric {} is missing", bound.metric));
			continue;
		}
		const double value = it->second.value;
		if ((bound.min && value < *bound.min) || (bound.max && value > *bound.max))
			out.failures.push_back(
				fmt::format("metric {} is {} {}, must be {}{}{}{}", bound.metric,
					    value, it->second.unit,
					    bound.min ? fmt::format("at least {}", *bound.min) : "",
					    bound.min && bound.max ? " and " : "",
					    bound.max ? fmt::format("at most {}", *bound.max) : "",
					    bound.reason.empty() ? "" : " (" + bound.reason + ")"));
	}
}

/// For scenarios that prove a gate: the expected failures turn into a pass, their absence into
/// the failure.
void judge_must_fail(const Scenario &scenario, Verdict &out)
{
	if (scenario.must_fail.empty())
		return;
	std::vector<std::string> unseen;
	for (const std::string &pattern : scenario.must_fail) {
		const std::regex regex(pattern); // checked when the scenario was read
		const auto hit = std::find_if(
			out.failures.begin(), out.failures.end(),
			[&](const auto &text) { return std::regex_search(text, regex); });
		if (hit == out.failures.end())
			unseen.push_back(fmt::format(
				"the gate did not see what it must: no failure matches \"{}\"",
				pattern));
	}
	for (const std::string &failure : out.failures)
		out.remarks.push_back("failed, as it must: " + failure);
	out.failures = std::move(unseen);
}

std::string kernel_release(const std::string &console)
{
	static const std::regex banner("Linux version ([^ ]+)");
	std::smatch match;
	const std::string head = console.substr(0, 4096);
	return std::regex_search(head, match, banner) ? match[1].str() : "";
}

const char *name_of(ktap::Outcome outcome)
{
	switch (outcome) {
	case ktap::Outcome::ok:
		return "ok";
	case ktap::Outcome::not_ok:
		return "not ok";
	case ktap::Outcome::skip:
		return "skip";
	}
	return "";
}

} // namespace

Verdict judge(const Scenario &scenario, const RunSpec &run, const Ending &ending,
	      const std::vector<dmesg::Allow> &allowed)
{
	Verdict out;
	out.run = run.name;
	out.kernel = run.kernel;
	out.ran = true;
	out.seconds = ending.seconds;
	out.release = kernel_release(ending.console);
	out.results = parse_results(ending.results);
	const ktap::Report report = ktap::parse(out.results.ktap);
	out.counts = ktap::count(report.tests);
	out.leaves = ktap::leaves(report.tests);
	for (const std::string &note : out.results.notes)
		out.remarks.push_back(note);

	std::vector<dmesg::Allow> holes = allowed;
	holes.insert(holes.end(), scenario.allow_dmesg.begin(), scenario.allow_dmesg.end());
	judge_ending(ending, out);
	judge_kernel_log(ending, holes, out);
	judge_script(out);
	judge_tests(run, report, out);
	judge_bounds(scenario, run, out);
	judge_must_fail(scenario, out);
	return out;
}

json to_json(const Verdict &verdict)
{
	json metrics = json::object();
	for (const auto &[name, metric] : verdict.results.metrics)
		metrics[name] = {{"value", metric.value}, {"unit", metric.unit}};
	json tests = json::array();
	for (const ktap::Leaf &leaf : verdict.leaves)
		tests.push_back({{"name", leaf.name},
				 {"outcome", name_of(leaf.outcome)},
				 {"reason", leaf.reason}});
	return {
		{"run", verdict.run},
		{"kernel", verdict.kernel},
		{"ran", verdict.ran},
		{"why_not", verdict.why_not},
		{"passed", verdict.passed()},
		{"failures", verdict.failures},
		{"remarks", verdict.remarks},
		{"ok", verdict.counts.ok},
		{"failed", verdict.counts.failed},
		{"skipped", verdict.counts.skipped},
		{"tests", tests},
		{"metrics", metrics},
		{"blocks", verdict.results.blocks},
		{"seconds", verdict.seconds},
		{"accel", verdict.accel},
		{"release", verdict.release},
	};
}

Status save(const Verdict &verdict)
{
	return write_file(verdict.dir / "verdict.json",
			  to_json(verdict).dump(2, ' ', false, json::error_handler_t::replace) +
				  "\n");
}

Result<Verdict> verdict_from_json(const json &in, const std::string &where)
{
	try {
		Verdict out;
		out.run = in.at("run").get<std::string>();
		out.kernel = in.at("kernel").get<std::string>();
		out.ran = in.at("ran").get<bool>();
		out.why_not = in.at("why_not").get<std::string>();
		out.failures = in.at("failures").get<std::vector<std::string>>();
		out.remarks = in.at("remarks").get<std::vector<std::string>>();
		out.counts = {in.at("ok").get<int>(), in.at("failed").get<int>(),
			      in.at("skipped").get<int>()};
		for (const json &test : in.at("tests")) {
			const auto outcome = test.at("outcome").get<std::string>();
			out.leaves.push_back({test.at("name").get<std::string>(),
					      outcome == "ok"     ? ktap::Outcome::ok
					      : outcome == "skip" ? ktap::Outcome::skip
								  : ktap::Outcome::not_ok,
					      test.at("reason").get<std::string>(), false});
		}
		for (const auto &[name, metric] : in.at("metrics").items())
			out.results.metrics[name] = {metric.at("value").get<double>(),
						     metric.at("unit").get<std::string>()};
		out.results.blocks =
			in.at("blocks").get<std::map<std::string, std::vector<std::string>>>();
		out.seconds = in.at("seconds").get<double>();
		out.accel = in.at("accel").get<std::string>();
		out.release = in.at("release").get<std::string>();
		return out;
	} catch (const json::exception &error) {
		return fail(Exit::usage,
			    fmt::format("{}: not a verdict of hm-vm run: {}", where, error.what()),
			    "run the scenario again");
	}
}

} // namespace hm::vm
