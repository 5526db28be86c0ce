// SPDX-License-Identifier: GPL-2.0-only
#include "latency_probe.hpp"

#include <fmt/format.h>

namespace hugemem
{
namespace
{

std::string join(const std::vector<std::string> &words, std::string_view with)
{
	return fmt::format("{}", fmt::join(words, with));
}

} // namespace

Result<LatencyProbe> LatencyProbe::start(const Event &event, const Symbols &symbols,
					 const KernelBtf *btf, const ProbeOptions &options)
{
	LatencyProbe probe;
	probe.event_ = &event;
	bool known = false; // the kernel has one of the functions

	for (const Fit &fit : fit(event, symbols)) {
		const Rung &rung = event.rungs[fit.rung];
		if (fit.targets.empty()) {
			probe.passed_over_.push_back(
				fmt::format("{}: {}", join(rung.functions, ", "), fit.why));
			continue;
		}
		known = true;
		std::vector<Anchor> anchors;
		for (const auto &target : fit.targets) {
			bool attached = false;
			for (const Attach kind : attach_kinds()) {
				if (options.only_attach && kind != *options.only_attach)
					continue;
				auto anchor = Anchor::attach(kind, target, rung.ret, btf, options,
							     anchors.empty() ? nullptr
									     : &anchors.front());
				if (anchor) {
					anchors.push_back(std::move(*anchor));
					attached = true;
					break;
				}
				probe.passed_over_.push_back(anchor.error().text());
			}
			if (!attached) {
				anchors.clear();
				break;
			}
		}
		if (anchors.empty())
			continue;
		probe.rung_ = fit.rung;
		probe.anchors_ = std::move(anchors);
		return probe;
	}
	return fail(
		Exit::environment, fmt::format("event {}", event.name),
		fmt::format("no rung of its ladder holds\n    {}",
			    join(probe.passed_over_, "\n    ")),
		known ? "needs CAP_BPF and CAP_PERFMON, and one of: BPF trampolines "
			"(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS), CONFIG_FPROBE, CONFIG_KPROBES"
		      : "is the kernel built with CONFIG_HUGETLBFS=y? hugemem doctor tells more");
}

std::string LatencyProbe::anchor_text() const
{
	std::vector<std::string> words;
	for (const Anchor &anchor : anchors_)
		words.push_back(fmt::format(
			"{} by {}{}", anchor.symbol(), attach_name(anchor.kind()),
			anchor.clone() == Clone::part ? " (its outlined part only)" : ""));
	return join(words, ", ");
}

std::string LatencyProbe::note() const
{
	return event_->rungs[rung_].note;
}
std::string LatencyProbe::per() const
{
	return event_->rungs[rung_].per;
}

std::optional<std::uint64_t> LatencyProbe::missed() const
{
	std::uint64_t sum = 0;
	for (const Anchor &anchor : anchors_) {
		const auto missed = anchor.missed();
		if (!missed)
			return std::nullopt;
		sum += *missed;
	}
	return sum;
}

Result<std::optional<Extremes>> LatencyProbe::next_interval()
{
	const std::uint64_t ended = epoch_++;
	for (Anchor &anchor : anchors_)
		anchor.set_epoch(epoch_);
	return anchors_.front().extremes(ended);
}

void LatencyProbe::stop_entries()
{
	for (Anchor &anchor : anchors_)
		anchor.stop_entries();
}

} // namespace hugemem
