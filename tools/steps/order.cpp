// SPDX-License-Identifier: GPL-2.0-only
#include "order.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace hm::steps
{
namespace
{

using Ids = std::set<std::string, std::less<>>;

bool met(const Step &step, const Ids &done)
{
	return std::all_of(step.needs.begin(), step.needs.end(),
			   [&](const std::string &need) { return done.contains(need); });
}

/// Follows unmet needs from one stuck step until one comes round again.
std::string cycle(const Plan &plan, const Ids &done)
{
	const auto find = [&](const std::string &id) {
		return std::find_if(plan.steps.begin(), plan.steps.end(),
				    [&](const Step &step) { return step.id == id; });
	};
	const auto stuck = std::find_if(plan.steps.begin(), plan.steps.end(),
					[&](const Step &step) { return !done.contains(step.id); });
	std::vector<std::string> path{stuck->id};
	for (;;) {
		const auto at = find(path.back());
		const auto next = std::find_if(at->needs.begin(), at->needs.end(),
					       [&](const auto &id) { return !done.contains(id); });
		const bool round = std::find(path.begin(), path.end(), *next) != path.end();
		path.push_back(*next);
		if (round) {
			path.erase(path.begin(), std::find(path.begin(), path.end(), *next));
			return fmt::format("{}", fmt::join(path, " needs "));
		}
	}
}

} // namespace

Result<std::vector<std::size_t>> order(const Plan &plan)
{
	std::vector<std::size_t> out;
	Ids done;
	while (out.size() < plan.steps.size()) {
		const auto next =
			std::find_if(plan.steps.begin(), plan.steps.end(), [&](const Step &step) {
				return !done.contains(step.id) && met(step, done);
			});
		if (next == plan.steps.end())
			return fail(Exit::usage,
				    fmt::format("plan {}: steps need each other in a circle: {}",
						plan.name, cycle(plan, done)));
		done.insert(next->id);
		out.push_back(static_cast<std::size_t>(next - plan.steps.begin()));
	}
	return out;
}

Result<Plan> only(Plan plan, const std::string &id, bool with_needs)
{
	Ids keep{id};
	Ids known;
	for (const auto &step : plan.steps)
		known.insert(step.id);
	if (!known.contains(id))
		return fail(Exit::usage, fmt::format("plan {} has no step {}; it has: {}",
						     plan.name, id, fmt::join(known, ", ")));
	for (bool grown = with_needs; grown;) {
		const auto before = keep.size();
		for (const auto &step : plan.steps)
			if (keep.contains(step.id))
				keep.insert(step.needs.begin(), step.needs.end());
		grown = keep.size() > before;
	}
	std::erase_if(plan.steps, [&](const Step &step) { return !keep.contains(step.id); });
	if (!with_needs)
		plan.steps.front().needs.clear();
	return plan;
}

} // namespace hm::steps
