// A treap: a binary search tree by key that is a heap by a priority computed from the key, so its
// shape is that of a random tree, the same in every run.
#include "strategy/ranked.h"

static uint64_t mix(uint64_t value) {
  value ^= value >> 33;
  value *= 0xff51afd7ed558ccdULL;
  value ^= value >> 33;
  value *= 0xc4ceb9fe1a85ec53ULL;
  return value ^ value >> 33;
}

static size_t size_of(const WxRankedNode *node) {
  return node ? node->size : 0;
}

static void update(WxRankedNode *node) {
  node->size = 1 + size_of(node->left) + size_of(node->right);
}

// Splits `tree` into keys < `key` and keys >= `key`.
static void split(WxRankedNode *tree, uint64_t key, WxRankedNode **less, WxRankedNode **rest) {
  if (!tree) {
    *less = *rest = NULL;
  } else if (tree->key < key) {
    split(tree->right, key, &tree->right, rest);
    update(tree);
    *less = tree;
  } else {
    split(tree->left, key, less, &tree->left);
    update(tree);
    *rest = tree;
  }
}

// Joins two trees, every key of `less` below every key of `rest`.
static WxRankedNode *merge(WxRankedNode *less, WxRankedNode *rest) {
  if (!less || !rest)
    return less ? less : rest;
  if (less->priority > rest->priority) {
    less->right = merge(less->right, rest);
    update(less);
    return less;
  }
  rest->left = merge(less, rest->left);
  update(rest);
  return rest;
}

void wx_ranked_insert(WxRanked *set, WxRankedNode *node, uint64_t key) {
  *node = (WxRankedNode){.key = key, .priority = mix(key), .size = 1};
  WxRankedNode **link = &set->root;
  while (*link && (*link)->priority >= node->priority) {
    ++(*link)->size;
    link = key < (*link)->key ? &(*link)->left : &(*link)->right;
  }
  split(*link, key, &node->left, &node->right);
  update(node);
  *link = node;
}

void wx_ranked_remove(WxRanked *set, WxRankedNode *node) {
  WxRankedNode **link = &set->root;
  while (*link != node) {
    --(*link)->size;
    link = node->key < (*link)->key ? &(*link)->left : &(*link)->right;
  }
  *link = merge(node->left, node->right);
}

WxRankedNode *wx_ranked_floor(const WxRanked *set, uint64_t key) {
  WxRankedNode *found = NULL;
  for (WxRankedNode *at = set->root; at;) {
    if (at->key <= key) {
      found = at;
      at = at->right;
    } else {
      at = at->left;
    }
  }
  return found;
}

WxRankedNode *wx_ranked_ceiling(const WxRanked *set, uint64_t key) {
  WxRankedNode *found = NULL;
  for (WxRankedNode *at = set->root; at;) {
    if (at->key >= key) {
      found = at;
      at = at->left;
    } else {
      at = at->right;
    }
  }
  return found;
}

size_t wx_ranked_before(const WxRanked *set, uint64_t key) {
  size_t before = 0;
  for (const WxRankedNode *at = set->root; at;) {
    if (at->key < key) {
      before += size_of(at->left) + 1;
      at = at->right;
    } else {
      at = at->left;
    }
  }
  return before;
}

size_t wx_ranked_count(const WxRanked *set) {
  return size_of(set->root);
}
