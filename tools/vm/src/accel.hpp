// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Whether KVM can be used. A /dev/kvm that opens may still not run an ordinary guest (nested
/// virtualisation, restricted hosts), so a guest is booted once, with a time limit, and the
/// answer is kept with its date.
#pragma once

#include <filesystem>
#include <string>

#include "error.hpp"

namespace hm::vm
{

/// The user's choice.
enum class AccelChoice { automatic, kvm, tcg };

struct KvmAnswer {
	bool works = false;
	std::string why; ///< for the log: what was seen, and when
};

/// Asks the kept answer (valid for seven days, for the same host kernel and the same QEMU), else
/// boots `kernel` under KVM for at most 20 s. `guest_dir` holds init.
Result<KvmAnswer> probe_kvm(const std::filesystem::path &kernel,
			    const std::filesystem::path &guest_dir);

} // namespace hm::vm
