// What most sources of the tool include, compiled once.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "inspect/observer.hpp"
