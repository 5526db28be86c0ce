// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Small file helpers that return causes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "error.hpp"

namespace hm::vm
{

/// The whole file as bytes.
Result<std::string> read_file(const std::filesystem::path &path);

/// Writes to a temporary name in the same folder, then renames, so that an interrupted
/// run never leaves half a file under the final name.
Status write_file(const std::filesystem::path &path, std::string_view bytes);

/// mkdir -p.
Status make_dirs(const std::filesystem::path &path);

/// The cache folder: $CACHE, else $XDG_CACHE_HOME/hugemem, else ~/.cache/hugemem.
std::filesystem::path cache_dir();

/// Where `name` is in $PATH; an environment error naming the Debian package otherwise.
Result<std::filesystem::path> find_program(const std::string &name, const std::string &package);

/// Refuses when the file system of `dir` (or of its nearest existing parent) has less than
/// `bytes` free.
Status need_space(const std::filesystem::path &dir, unsigned long long bytes);

/// A folder under $TMPDIR that is removed with everything in it when the object dies.
class TempDir
{
public:
	static Result<TempDir> make(const std::string &prefix);
	TempDir(const TempDir &) = delete;
	TempDir &operator=(const TempDir &) = delete;
	TempDir(TempDir &&other) noexcept : path_(std::exchange(other.path_, {})) {}
	TempDir &operator=(TempDir &&other) noexcept
	{
		if (this != &other) {
			remove();
			path_ = std::exchange(other.path_, {});
		}
		return *this;
	}
	~TempDir() { remove(); }
	[[nodiscard]] const std::filesystem::path &path() const { return path_; }

private:
	explicit TempDir(std::filesystem::path path) : path_(std::move(path)) {}
	void remove();
	std::filesystem::path path_;
};

} // namespace hm::vm
