// SPDX-License-Identifier: GPL-2.0-only
/// The machine a report was made on.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace hugemem
{

/// Kernel release, version, machine, build id of the kernel ("" if unknown).
nlohmann::ordered_json machine_json();

/// "5.10.262 x86_64"
std::string kernel_name();

/// The build id in /sys/kernel/notes, in hex; "" if there is none.
std::string kernel_build_id();

/// Finds the GNU build id in ELF notes; "" if there is none. Never reads beyond `notes`.
std::string build_id_in(const std::string &notes);

} // namespace hugemem
