// What a variants operation of an expanded kernel must say.
// RUN: ingot-opt %s --split-input-file --verify-diagnostics

func.func @no_cases(%rows: index) {
  // expected-error @+1 {{needs arguments and cases}}
  plan.variants "block" (%rows) arguments ["rows"] cases [] : index {
  ^bb0(%r: index):
  }
  return
}

// -----

func.func @names(%rows: index) {
  // expected-error @+1 {{needs a name and a body argument of the same type for each value}}
  plan.variants "block" (%rows) arguments [] cases [[1]] : index {
  ^bb0(%r: index):
  }
  return
}

// -----

func.func @short_case(%rows: index, %whole: i1) {
  // expected-error @+1 {{needs cases of one integer per argument}}
  plan.variants "block" (%rows, %whole) arguments ["rows", "whole"] cases [[1]] : index, i1 {
  ^bb0(%r: index, %w: i1):
  }
  return
}

// -----

func.func @no_bool(%whole: i1) {
  // expected-error @+1 {{has a case whose bool is neither 0 nor 1}}
  plan.variants "block" (%whole) arguments ["whole"] cases [[2]] : i1 {
  ^bb0(%w: i1):
  }
  return
}

// -----

func.func @twice(%rows: index) {
  // expected-error @+1 {{has a case twice}}
  plan.variants "block" (%rows) arguments ["rows"] cases [[1], [1]] : index {
  ^bb0(%r: index):
  }
  return
}

// -----

func.func @nested(%rows: index) {
  plan.variants "block" (%rows) arguments ["rows"] cases [[1]] : index {
  ^bb0(%r: index):
    // expected-error @+1 {{must not be inside another one}}
    plan.variants "part" (%r) arguments ["rows"] cases [[1]] : index {
    ^bb1(%s: index):
    }
  }
  return
}
