// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// In which order the steps of a plan run, and what one of them needs.
#pragma once

#include "plan.hpp"

#include <cstddef>
#include <vector>

namespace hm::steps
{

/// Indices into plan.steps: every step behind those it needs, else in the order of the plan.
/// A cycle is an error (Exit::usage) that names its steps.
Result<std::vector<std::size_t>> order(const Plan &plan);

/// Leaves only the step `id` and, with `with_needs`, all that it needs, directly or not. Without,
/// its needs are taken for met. An unknown id is an error that lists the known ones.
Result<Plan> only(Plan plan, const std::string &id, bool with_needs);

} // namespace hm::steps
