// These programs end at the first error: a status that is not ok becomes an exception.
#pragma once

#include "ingot/model.hpp"

#include <stdexcept>

inline void check(const ingot::status &status) {
  if (!status.ok())
    throw std::runtime_error(status.text());
}
