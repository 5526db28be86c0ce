// SPDX-License-Identifier: GPL-2.0-only
// hugemem latency: how long huge pages take to be made and released.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bpf_log.hpp"
#include "bpftrace_text.hpp"
#include "cgroup.hpp"
#include "child.hpp"
#include "commands.hpp"
#include "latency_probe.hpp"
#include "latency_report.hpp"
#include "machine.hpp"
#include "pools.hpp"
#include "privilege.hpp"
#include "probe_cost.hpp"

namespace hugemem
{
namespace
{

using nlohmann::ordered_json;

struct LatencyOptions {
	std::vector<std::string> events = {"alloc", "free"};
	double interval = 0; // seconds, 0: none
	std::uint64_t count = 0;
	double duration = 0; // seconds, 0: none
	std::string shell;   // -c
	std::vector<std::string> command;
	bool json = false;
	bool milli = false;
	bool micro = false;
	bool nano = false;
	bool timestamps = false;
	bool strict = false;
	bool list = false;
	bool verbose = false;
	bool debug = false;
	bool bpftrace = false;
	bool no_cost = false;
	std::uint32_t pid = 0;
	std::string cgroup;
	std::string attach;
};

/// What woke the loop.
struct Wake {
	bool interval = false;
	bool duration = false;
	bool snapshot = false; // SIGUSR1
	bool child = false;    // SIGCHLD
	bool stop = false;     // SIGINT, SIGTERM
};

/// Signals and times to wait for, by the plainest system calls: small kernels have
/// neither signalfd nor timerfd. The signals are blocked while it lives.
class Waiter
{
public:
	/// interval and duration in seconds from now; 0: none.
	Waiter(double interval, double duration)
	{
		sigemptyset(&signals_);
		for (const int s : {SIGINT, SIGTERM, SIGUSR1, SIGCHLD})
			sigaddset(&signals_, s);
		::sigprocmask(SIG_BLOCK, &signals_, &before_);
		step_ = seconds(interval);
		if (interval > 0)
			tick_ = Clock::now() + step_;
		if (duration > 0)
			end_ = Clock::now() + seconds(duration);
	}
	Waiter(const Waiter &) = delete;
	Waiter &operator=(const Waiter &) = delete;
	~Waiter() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

	Wake wait()
	{
		Wake wake;
		const auto due = std::min(tick_, end_);
		int signal = 0;
		if (due == Clock::time_point::max()) {
			signal = ::sigwaitinfo(&signals_, nullptr);
		} else {
			const auto left = std::max<std::chrono::nanoseconds>(
				due - Clock::now(), std::chrono::nanoseconds::zero());
			const timespec timeout{
				.tv_sec = static_cast<time_t>(left.count() / 1000000000),
				.tv_nsec = static_cast<long>(left.count() % 1000000000),
			};
			signal = ::sigtimedwait(&signals_, nullptr, &timeout);
		}
		wake.stop = signal == SIGINT || signal == SIGTERM;
		wake.snapshot = signal == SIGUSR1;
		wake.child = signal == SIGCHLD;
		const auto now = Clock::now();
		wake.duration = now >= end_;
		if (now >= tick_) {
			wake.interval = true;
			// From the start, not from now, so that intervals do not drift.
			do
				tick_ += step_;
			while (tick_ <= now);
		}
		return wake;
	}

private:
	using Clock = std::chrono::steady_clock;
	static Clock::duration seconds(double s)
	{
		return std::chrono::duration_cast<Clock::duration>(
			std::chrono::duration<double>(s));
	}
	sigset_t signals_{};
	sigset_t before_{};
	Clock::duration step_{};
	Clock::time_point tick_ = Clock::time_point::max();
	Clock::time_point end_ = Clock::time_point::max();
};

/// One followed event with the readings that intervals are taken from.
struct Followed {
	LatencyProbe probe;
	Counters base;                    // when the pools were read for the first time
	Counters last;                    // at the end of the last interval
	std::optional<Extremes> extremes; // of the whole run
};

void widen(std::optional<Extremes> &all, const std::optional<Extremes> &one)
{
	if (!one)
		return;
	if (!all) {
		all = one;
		return;
	}
	all->min_ns = std::min(all->min_ns, one->min_ns);
	all->max_ns = std::max(all->max_ns, one->max_ns);
}

/// Ends the interval of every event.
Result<std::vector<Stretch>> take_interval(std::vector<Followed> &followed)
{
	std::vector<Stretch> stretches;
	for (auto &f : followed) {
		const auto extremes = f.probe.next_interval();
		if (!extremes)
			return tl::unexpected(extremes.error());
		const auto now = f.probe.counters();
		if (!now)
			return tl::unexpected(now.error());
		widen(f.extremes, *extremes);
		stretches.push_back({.event = f.probe.event().name,
				     .per = f.probe.per(),
				     .counters = now->since(f.last),
				     .extremes = *extremes});
		f.last = *now;
	}
	return stretches;
}

std::string clock_text()
{
	const std::time_t now = std::time(nullptr);
	return fmt::format("{:%H:%M:%S}", fmt::localtime(now));
}

/// Prints what was measured, as text or as NDJSON.
class Printer
{
public:
	Printer(const LatencyOptions &options, Unit unit)
		: options_(options), unit_(std::move(unit)), style_(Style::of_stdout())
	{
	}

	void begin(const std::vector<Followed> &followed) const
	{
		if (!options_.json)
			return;
		ordered_json events = ordered_json::array();
		for (const auto &f : followed)
			events.push_back({{"event", f.probe.event().name},
					  {"anchor", f.probe.anchor_text()}});
		line({{"schema", "hugemem.latency/1"},
		      {"type", "begin"},
		      {"kernel", machine_json()},
		      {"unit", unit_.name},
		      {"sub_buckets", HM_SUB},
		      {"interval_s", options_.interval},
		      {"command", command_json()},
		      {"events", std::move(events)}});
	}

	void stretches(std::string_view type, std::uint64_t number,
		       const std::vector<Stretch> &list) const
	{
		if (options_.json) {
			ordered_json j = {{"type", type}};
			if (number)
				j["number"] = number;
			j["time"] = std::chrono::duration<double>(
					    std::chrono::system_clock::now().time_since_epoch())
					    .count();
			j["events"] = ordered_json::array();
			for (const auto &s : list)
				j["events"].push_back(json_of(s, unit_));
			line(j);
			return;
		}
		std::string out;
		if (options_.timestamps)
			out += clock_text() + '\n';
		if (type == "total" && options_.interval > 0)
			out += style_.bold("whole run") + '\n';
		for (const auto &s : list)
			out += text_of(s, unit_, style_) + '\n';
		put(out);
	}

	void end(const std::vector<Footing> &footings, const std::vector<Result<ProbeCost>> &costs,
		 const Reconciliation &r, const std::vector<Pool> &before,
		 const std::vector<Pool> &after, std::optional<int> status) const
	{
		if (options_.json) {
			ordered_json j = {{"type", "end"}, {"events", ordered_json::array()}};
			for (const auto &f : footings)
				j["events"].push_back(json_of(f));
			j["probe_cost"] = ordered_json::array();
			for (const auto &cost : costs)
				j["probe_cost"].push_back(
					cost ? json_of(*cost)
					     : ordered_json{{"error", cost.error().text()}});
			j["sysfs"] = json_of(r, before, after);
			if (status)
				j["command_status"] = *status;
			line(j);
			return;
		}
		std::string out;
		for (const auto &f : footings) {
			out += text_of(f, style_);
			if (options_.verbose)
				for (const auto &why : f.passed_over)
					out += "  passed over: " + why + '\n';
		}
		for (const auto &cost : costs)
			out += cost ? fmt::format("cost of following: {}\n", text_of(*cost))
				    : fmt::format("cost of following: not measured, {}\n",
						  cost.error().text());
		out += text_of(r, before, after, style_);
		put(out);
	}

private:
	[[nodiscard]] ordered_json command_json() const
	{
		if (!options_.shell.empty())
			return options_.shell;
		return options_.command.empty() ? ordered_json(nullptr)
						: ordered_json(options_.command);
	}
	static void put(const std::string &text)
	{
		std::fwrite(text.data(), 1, text.size(), stdout);
		std::fflush(stdout);
	}
	static void line(const ordered_json &j)
	{
		// A command line may hold any bytes; invalid UTF-8 is replaced, not thrown about.
		put(j.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n");
	}

	const LatencyOptions &options_;
	Unit unit_;
	Style style_;
};

/// Says what would be followed, without following it.
Result<Exit> list_events(const Symbols &symbols)
{
	for (const auto &event : events()) {
		fmt::print("{}: {}\n", event.name, event.what);
		for (const auto &f : fit(event, symbols)) {
			const Rung &rung = event.rungs[f.rung];
			std::vector<std::string> names;
			for (const auto &t : f.targets)
				names.push_back(t.symbol.name);
			fmt::print("  {}. {} -> {}\n", f.rung + 1, fmt::join(rung.functions, ", "),
				   names.empty() ? f.why
						 : fmt::format("{}", fmt::join(names, ", ")));
		}
	}
	return Exit::ok;
}

/// Prints the bpftrace command that stands for this measurement.
Result<Exit> print_bpftrace(const LatencyOptions &o, const Symbols &symbols, const Unit &unit)
{
	BpftraceRequest request{.events = {},
				.unit = unit.name,
				.unit_ns = unit.ns,
				.pid = o.pid,
				.cgroup = {},
				.interval = o.interval,
				.duration = o.duration};
	if (!o.cgroup.empty()) {
		const auto group = open_cgroup(o.cgroup);
		if (!group)
			return tl::unexpected(group.error());
		request.cgroup = group->path;
	}
	const auto btf = KernelBtf::load();
	for (const auto &name : o.events) {
		const Event &event = *find_event(name);
		const auto fits = fit(event, symbols);
		const auto first = std::find_if(fits.begin(), fits.end(),
						[](const Fit &f) { return !f.targets.empty(); });
		if (first == fits.end())
			return fail(Exit::environment, "event " + name,
				    "this kernel has none of its functions",
				    "hugemem latency --dry-run lists them");
		TracedEvent traced{.name = name,
				   .symbols = {},
				   .ret = event.rungs[first->rung].ret,
				   .ret_bytes = 8};
		for (const auto &target : first->targets) {
			traced.symbols.push_back(target.symbol.name);
			const auto prototype = btf ? btf->function(target.function) : std::nullopt;
			if (prototype && !prototype->returns)
				traced.ret = HM_RET_VOID;
			else if (prototype)
				traced.ret_bytes = prototype->ret_bytes;
		}
		request.events.push_back(std::move(traced));
	}
	fmt::print("{}\n", bpftrace_command(request));
	return Exit::ok;
}

/// Of each way of attaching that was used, once.
std::vector<Result<ProbeCost>> costs_of(const std::vector<Followed> &followed,
					const Symbols &symbols, const KernelBtf *btf)
{
	std::vector<Attach> kinds;
	for (const auto &f : followed)
		for (const Anchor &anchor : f.probe.anchors())
			if (std::find(kinds.begin(), kinds.end(), anchor.kind()) == kinds.end())
				kinds.push_back(anchor.kind());
	std::vector<Result<ProbeCost>> costs;
	costs.reserve(kinds.size());
	for (const Attach kind : kinds)
		costs.push_back(measure_cost(kind, symbols, btf));
	return costs;
}

Result<void> check(const LatencyOptions &o)
{
	for (const auto &name : o.events) {
		if (find_event(name))
			continue;
		std::vector<std::string> names;
		for (const auto &e : events())
			names.push_back(e.name);
		return fail(Exit::usage, "event " + name, "there is no such event",
			    fmt::format("choose from {}", fmt::join(names, ", ")));
	}
	if (o.milli + o.micro + o.nano > 1)
		return fail(Exit::usage, "-m, -u, -n", "contradict each other", "give one");
	if (o.count && o.interval <= 0)
		return fail(Exit::usage, "--count", "counts intervals", "give -i SECONDS too");
	if (!o.shell.empty() && !o.command.empty())
		return fail(Exit::usage, "-c and a command after --", "are two commands",
			    "give one");
	if (!o.attach.empty() && !attach_from_name(o.attach))
		return fail(Exit::usage, "--attach " + o.attach, "unknown",
			    "fentry, multi or kprobe");
	return {};
}

/// Runs until something ends it. Prints intervals and snapshots.
Result<std::optional<int>> watch_events(const LatencyOptions &o, Waiter &waiter,
					std::optional<Child> &child,
					std::vector<Followed> &followed, const Printer &printer)
{
	std::uint64_t intervals = 0;
	for (;;) {
		const Wake wake = waiter.wait();
		if (wake.interval || wake.snapshot) {
			const auto stretches = take_interval(followed);
			if (!stretches)
				return tl::unexpected(stretches.error());
			printer.stretches(wake.interval ? "interval" : "snapshot", ++intervals,
					  *stretches);
		}
		if (child && wake.child && child->ended())
			return child->status();
		if (wake.stop || wake.duration || (o.count && intervals >= o.count))
			return std::nullopt;
	}
}

/// The pools, and the counters as they were just then: reads until no call began or
/// ended in between, or for some tries on a machine that is never at rest.
Result<std::vector<Pool>> begin_counting(std::vector<Followed> &followed)
{
	constexpr int tries = 50;
	for (int attempt = 1;; attempt++) {
		for (auto &f : followed) {
			auto now = f.probe.counters();
			if (!now)
				return tl::unexpected(now.error());
			f.base = f.last = std::move(*now);
		}
		auto pools = read_pools();
		bool rest = true;
		for (const auto &f : followed) {
			const auto again = f.probe.counters();
			if (!again)
				return tl::unexpected(again.error());
			rest = rest && again->starts == f.base.starts && again->ends == f.base.ends;
		}
		if (!pools || rest || attempt == tries)
			return pools;
	}
}

std::vector<Footing> footings_of(const std::vector<Followed> &followed)
{
	std::vector<Footing> footings;
	footings.reserve(followed.size());
	for (const auto &f : followed)
		footings.push_back({.event = f.probe.event().name,
				    .anchor = f.probe.anchor_text(),
				    .note = f.probe.note(),
				    .rung = f.probe.rung(),
				    .rungs = f.probe.event().rungs.size(),
				    .passed_over = f.probe.passed_over(),
				    .counters = f.last.since(f.base),
				    .missed = f.probe.missed()});
	return footings;
}

/// Lets deferred work and calls under way come to their end, for a second at most:
/// until the counts agree with the pools. Then ends the counting.
Result<std::vector<Pool>> end_counting(std::vector<Followed> &followed,
				       const std::vector<Pool> &before)
{
	using namespace std::chrono_literals;
	const auto give_up = std::chrono::steady_clock::now() + 1s;
	const auto settled = [&](const std::vector<Pool> &after) {
		auto footings = footings_of(followed);
		bool under_way = false;
		for (std::size_t i = 0; i < footings.size(); i++) {
			if (auto now = followed[i].probe.counters())
				footings[i].counters = now->since(followed[i].base);
			under_way = under_way || footings[i].counters.in_flight();
		}
		const Reconciliation r = reconcile(footings, before, after);
		return r.comparable ? r.verdict == Reconciliation::Verdict::agrees : !under_way;
	};
	auto after = read_pools();
	while (after && !settled(*after) && std::chrono::steady_clock::now() < give_up) {
		std::this_thread::sleep_for(10ms);
		after = read_pools();
	}
	for (auto &f : followed)
		f.probe.stop_entries();
	return after;
}

Result<Exit> run_latency(const LatencyOptions &o)
{
	if (auto ok = check(o); !ok)
		return tl::unexpected(ok.error());
	const auto symbols = Symbols::load();
	if (!symbols)
		return tl::unexpected(symbols.error());
	if (o.list)
		return list_events(*symbols);
	const Unit unit = o.milli   ? Unit{.name = "ms", .ns = 1000000}
			  : o.micro ? Unit{.name = "us", .ns = 1000}
				    : Unit{.name = "ns", .ns = 1};
	if (o.bpftrace)
		return print_bpftrace(o, *symbols, unit);
	if (auto ok = require_bpf(); !ok)
		return tl::unexpected(ok.error());
	std::optional<Cgroup> cgroup;
	if (!o.cgroup.empty()) {
		auto opened = open_cgroup(o.cgroup);
		if (!opened)
			return tl::unexpected(opened.error());
		cgroup.emplace(std::move(*opened));
	}

	const BpfLog log(o.debug);
	ProbeOptions probe_options;
	probe_options.unit_ns = unit.ns;
	probe_options.only_tgid = o.pid;
	probe_options.cgroup_fd = cgroup ? cgroup->fd.get() : -1;
	if (!o.attach.empty())
		probe_options.only_attach = attach_from_name(o.attach);

	// Without BTF kprobes still work.
	const auto btf = KernelBtf::load();
	const KernelBtf *btf_or_null = btf ? &*btf : nullptr;

	// Everything that can fail, fails before the command is let go.
	std::optional<Child> child;
	if (!o.shell.empty() || !o.command.empty()) {
		auto prepared = Child::prepare(
			o.shell.empty() ? o.command
					: std::vector<std::string>{"/bin/sh", "-c", o.shell});
		if (!prepared)
			return tl::unexpected(prepared.error());
		child.emplace(std::move(*prepared));
	}
	std::vector<Followed> followed;
	for (const auto &name : o.events) {
		auto probe = LatencyProbe::start(*find_event(name), *symbols, btf_or_null,
						 probe_options);
		if (!probe)
			return tl::unexpected(probe.error());
		followed.push_back({std::move(*probe), {}, {}, {}});
	}
	const auto before = begin_counting(followed);
	if (!before)
		return tl::unexpected(before.error());

	Waiter waiter(o.interval, o.duration);
	const Printer printer(o, unit);
	printer.begin(followed);
	if (!child && !o.json && o.interval <= 0 && o.duration <= 0)
		fmt::print(stderr, "following {}; Ctrl-C ends and prints\n",
			   fmt::join(o.events, ", "));
	if (child) {
		if (auto went = child->go(); !went)
			return tl::unexpected(went.error());
	}
	const auto status = watch_events(o, waiter, child, followed, printer);
	if (!status)
		return tl::unexpected(status.error());
	const auto after = end_counting(followed, *before);
	if (!after)
		return tl::unexpected(after.error());
	if (auto rest = take_interval(followed); !rest)
		return tl::unexpected(rest.error());

	std::vector<Stretch> totals;
	totals.reserve(followed.size());
	for (const auto &f : followed)
		totals.push_back({.event = f.probe.event().name,
				  .per = f.probe.per(),
				  .counters = f.last.since(f.base),
				  .extremes = f.extremes});
	const std::vector<Footing> footings = footings_of(followed);
	printer.stretches("total", 0, totals);
	Reconciliation r = reconcile(footings, *before, *after);
	if (o.pid || cgroup) {
		r.verdict = Reconciliation::Verdict::cannot_tell;
		r.comparable = false;
		r.why = o.pid ? "only one process was followed"
			      : "only one control group was followed";
	}
	const auto costs = o.no_cost ? std::vector<Result<ProbeCost>>{}
				     : costs_of(followed, *symbols, btf_or_null);
	printer.end(footings, costs, r, *before, *after, *status);

	if (status->value_or(0) != 0)
		return fail(Exit::mismatch, "the command",
			    fmt::format("ended with status {}", **status));
	if (o.strict && r.verdict == Reconciliation::Verdict::differs)
		return Exit::mismatch;
	if (o.strict && r.verdict == Reconciliation::Verdict::cannot_tell)
		return Exit::cannot_tell;
	return Exit::ok;
}

} // namespace

void add_latency(CLI::App &app, Run &run)
{
	auto o = std::make_shared<LatencyOptions>();
	auto *cmd = app.add_subcommand("latency",
				       "histograms of how long huge pages take to be made and "
				       "released");
	cmd->add_option("-e,--events", o->events,
			"events to follow: alloc, free, optimize, restore, compact, contig, clear")
		->delimiter(',')
		->default_str("alloc,free");
	cmd->add_option("-i,--interval", o->interval, "print every SECONDS what happened since")
		->check(CLI::PositiveNumber);
	cmd->add_option("--count", o->count, "end after so many intervals")
		->check(CLI::PositiveNumber);
	cmd->add_option("-d,--duration", o->duration, "end after SECONDS")
		->check(CLI::PositiveNumber);
	cmd->add_option("-c", o->shell, "run COMMAND by /bin/sh and end when it ends");
	cmd->add_option("command", o->command,
			"after --: a command with its arguments, as -c without a shell");
	cmd->add_option("-p,--pid", o->pid, "only calls made by this process")
		->check(CLI::PositiveNumber);
	cmd->add_option("--cgroup", o->cgroup,
			"only calls made in this control group (version 2) and those below it");
	cmd->add_flag("-n,--nanoseconds", o->nano, "histogram in ns (default)");
	cmd->add_flag("-u,--microseconds", o->micro, "histogram in us");
	cmd->add_flag("-m,--milliseconds", o->milli, "histogram in ms");
	cmd->add_flag("-T,--timestamp", o->timestamps, "print the time with every interval");
	cmd->add_option("--attach", o->attach, "only this way: fentry, multi or kprobe");
	cmd->add_flag("--json", o->json, "one JSON object a line");
	cmd->add_flag("--strict", o->strict,
		      "exit 1 if the counts differ from sysfs, 4 if that cannot be told");
	cmd->add_flag("--dry-run", o->list, "print events, rungs and what fits this kernel");
	cmd->add_flag("--bpftrace", o->bpftrace,
		      "print the bpftrace command that this stands for, and end");
	cmd->add_flag("--no-cost", o->no_cost,
		      "do not measure at the end what following a call costs");
	cmd->add_flag("-v,--verbose", o->verbose, "why rungs were passed over");
	cmd->add_flag("--debug", o->debug, "libbpf's messages, on standard error");
	cmd->callback([o, &run] { run = [o] { return run_latency(*o); }; });
}

} // namespace hugemem
